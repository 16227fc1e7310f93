/* holdFile FILE MILLISECONDS: opens a file as a virus scanner does, so that no other program may rename or delete it. */
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

int wmain(int count, wchar_t **arguments) {
  HANDLE handle;
  if (count != 3) return 2;
  handle = CreateFileW(arguments[1], GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
  if (handle == INVALID_HANDLE_VALUE) return 1;
  puts("held");
  fflush(stdout);
  Sleep((DWORD)_wtoi(arguments[2]));
  CloseHandle(handle);
  return 0;
}

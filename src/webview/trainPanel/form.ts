/** The training form: shows a `TrainForm`, checks what is typed and gives it back. */
import * as l10n from '@vscode/l10n';
import { type CheckControl, type ChoiceControl, checkbox, dropdown, textButton } from '../controls.js';
import { h, icon } from '../element.js';
import type { Formats } from '../../shared/formats.js';
import { errorBox } from '../message.js';
import { deviceNames, methodName } from '../names.js';
import type { FormOption, FromTrainPanel, TrainForm, TrainPanelState } from '../protocol.js';
import { type ChoiceField, choiceField } from './choiceField.js';
import { rateFor } from './rateFor.js';
import { MethodFields } from './methodFields.js';
import { ModelFields, methodsFor } from './modelFields.js';
import { type NumberField, NumberFields } from './numberFields.js';

export type FormState = Pick<
  TrainPanelState,
  'form' | 'datasets' | 'models' | 'devices' | 'targetModules' | 'options' | 'methods'
>;

export class FormView {
  readonly element: HTMLElement;
  private readonly dataset: ChoiceControl;
  private readonly datasetDetail = h('div', { class: 'hint' });
  private readonly model: ModelFields;
  private readonly method: ChoiceControl;
  private readonly tradeOff = h('p', { class: 'hint two-lines', 'aria-live': 'polite' });
  /** One for each method, so the typed values are still there when the user returns to it. */
  private readonly methods: Map<string, MethodFields>;
  private readonly device: ChoiceControl;
  private readonly main: NumberFields<string>;
  private readonly more: NumberFields<string>;
  /** The choices among the options, by key. */
  private readonly choices: Map<string, ChoiceField>;
  private readonly advanced: HTMLDetailsElement;
  private readonly augmentation: HTMLElement;
  private readonly crop: CheckControl;
  private readonly flip: CheckControl;

  constructor(
    private state: FormState,
    private readonly post: (message: FromTrainPanel) => void,
    private readonly formats: Formats,
    advancedOpen: boolean,
    onAdvanced: (open: boolean) => void,
  ) {
    const changed = () => this.changed();
    const addDataset = textButton(l10n.t('Add…'), () => post({ type: 'addDataset' }));
    addDataset.title = l10n.t('Add dataset folder…');
    addDataset.setAttribute('aria-label', addDataset.title);
    const { options } = state;
    this.main = new NumberFields(numbersOf(options, false), changed);
    this.more = new NumberFields(numbersOf(options, true), changed);
    this.choices = new Map(
      options.flatMap((option) =>
        option.kind === 'choice' ? [[option.key, choiceField(option.key, option, changed)] as const] : [],
      ),
    );
    this.methods = new Map(state.methods.map((choice) => [choice.type, new MethodFields(choice, changed)]));
    this.dataset = dropdown({ name: 'dataset', label: l10n.t('Dataset'), action: addDataset, onChange: changed });
    this.model = new ModelFields(post, changed);
    this.method = dropdown({ name: 'method', label: l10n.t('Method'), onChange: changed });
    this.device = dropdown({ name: 'device', label: l10n.t('Device'), onChange: changed });
    this.crop = checkbox({
      name: 'randomResizedCrop',
      label: l10n.t('Random crop'),
      title: l10n.t('Train on a random part of each image, another in each epoch.'),
      onChange: changed,
    });
    this.flip = checkbox({
      name: 'horizontalFlip',
      label: l10n.t('Random flip'),
      title: l10n.t('Mirror every other image. Switch off where left and right matter.'),
      onChange: changed,
    });
    this.augmentation = h(
      'fieldset',
      { class: 'checks' },
      h('legend', { class: 'label' }, l10n.t('Augmentation')),
      this.crop.element,
      this.flip.element,
    );
    this.advanced = h(
      'details',
      {
        class: 'advanced fold',
        open: advancedOpen || isSetApart(state.form),
        toggle: () => onAdvanced(this.advanced.open),
      },
      h('summary', {}, icon('chevron'), l10n.t('Advanced')),
      h(
        'div',
        { class: 'advanced-fields' },
        this.model.initElement,
        this.device.element,
        this.augmentation,
        h('div', { class: 'grid' }, ...this.more.elements),
        ...this.choiceElements(true),
      ),
    );
    this.element = h(
      'form',
      { class: 'train-form', submit: (event: Event) => event.preventDefault() },
      h('div', {}, this.dataset.element, this.datasetDetail),
      ...this.model.elements,
      h('div', {}, this.method.element, this.tradeOff),
      h('div', { class: 'grid' }, ...this.main.elements),
      ...[...this.methods.values()].map(({ element }) => element),
      ...this.choiceElements(false),
      this.advanced,
    );
    this.show();
  }

  /** Whether a dataset is chosen that can be trained on, as far as is known. */
  get hasDataset(): boolean {
    const { datasets, form } = this.state;
    return form.dataset !== undefined && !datasets.find(({ folder }) => folder === form.dataset)?.error;
  }

  /** Takes what the host changed; `form` replaces the inputs. */
  update(change: Partial<FormState>): void {
    const typed = this.read();
    this.state = { ...this.state, form: typed, ...change };
    this.show(change.form !== undefined);
  }

  /** The valid form; otherwise shows what is missing, goes there and gives undefined. */
  submit(o: { needsDataset: boolean }): TrainForm | undefined {
    const missing = o.needsDataset && !this.state.form.dataset;
    this.dataset.setProblem(missing ? l10n.t('Choose a dataset first.') : null);
    if (missing) {
      this.dataset.focus();
      return undefined;
    }
    const invalid = this.firstInvalid();
    if (invalid) {
      if (this.more.firstInvalid() === invalid) this.advanced.open = true;
      invalid.focus();
      return undefined;
    }
    return this.read();
  }

  private firstInvalid(): { focus(): void } | undefined {
    return this.chosenMethod().firstInvalid() ?? this.main.firstInvalid() ?? this.more.firstInvalid();
  }

  private chosenMethod(): MethodFields {
    return this.methods.get(this.method.value)!;
  }

  private changed(): void {
    this.state = { ...this.state, form: this.read() };
    this.show(false);
    // A model may rule out the method that was chosen.
    this.state.form = this.read();
    if (!this.firstInvalid()) this.post({ type: 'form', form: this.state.form });
  }

  private show(inputs = true): void {
    const { form, datasets, models, devices, methods, targetModules } = this.state;
    const options = datasets.map(({ folder, name }) => ({ value: folder, label: name }));
    // A dataset that the host no longer knows is still what the form says.
    if (form.dataset && !datasets.some(({ folder }) => folder === form.dataset))
      options.push({ value: form.dataset, label: form.dataset });
    if (!form.dataset) options.unshift({ value: '', label: datasets.length ? l10n.t('Choose…') : l10n.t('None yet') });
    this.dataset.setOptions(options, form.dataset ?? '');
    if (form.dataset) this.dataset.setProblem(null);
    this.showDatasetDetail();

    this.model.show(models, form);
    this.device.setOptions(
      devices.map((device) => ({
        value: device.value,
        label: this.deviceLabel(device),
        disabled: device.unavailable !== undefined,
      })),
      form.device ?? 'auto',
    );

    // A method that this version does not have cannot be trained with.
    const possible = methodsFor(this.model.chosen) ?? methods.map(({ type }) => type);
    const method =
      methods.find(({ type }) => type === form.method.type && possible.includes(type)) ??
      methods.find(({ type }) => type === possible[0])!;
    this.method.setOptions(
      methods.map(({ type }) =>
        possible.includes(type)
          ? { value: type, label: methodName(type) }
          : { value: type, label: l10n.t('{0}: not with an ONNX file', methodName(type)), disabled: true },
      ),
      method.type,
    );
    this.tradeOff.textContent = method.tradeOff;
    // Two lines of it are seen at once.
    this.tradeOff.title = method.tradeOff;
    for (const [type, fields] of this.methods) {
      fields.element.classList.toggle('chosen', type === method.type);
      fields.setTargetModules(targetModules);
    }
    if (inputs) {
      this.methods.get(form.method.type)?.show(form.method);
      this.main.show({ ...form });
      this.more.show({ ...form });
      for (const [key, field] of this.choices) field.show(form[key]);
      this.crop.setChecked(form.augmentation?.randomResizedCrop !== false);
      this.flip.setChecked(form.augmentation?.horizontalFlip !== 0);
    }
    const rate = rateFor(method.learningRate, this.model.chosen?.width, this.formats);
    this.main.setPlaceholder('learningRate', rate);
    // Words such as those of a rate that depends on the model need a line of their own.
    this.main.element('learningRate').classList.toggle('wide', rate.length > 8);
    this.showTraining(this.methods.get(method.type)!.takesSteps);
  }

  /** What only says how to train is of no use to a method that takes no steps. */
  private showTraining(trains: boolean): void {
    this.model.showTraining(trains);
    this.augmentation.hidden = !trains;
    for (const { key, kind, isFolded, needsTraining } of this.state.options) {
      if (!needsTraining) continue;
      const element =
        kind === 'choice' ? this.choices.get(key)!.element : (isFolded ? this.more : this.main).element(key);
      element.hidden = !trains;
    }
  }

  private choiceElements(isFolded: boolean): HTMLElement[] {
    return this.state.options.flatMap((option) =>
      option.kind === 'choice' && option.isFolded === isFolded ? [this.choices.get(option.key)!.element] : [],
    );
  }

  private showDatasetDetail(): void {
    const dataset = this.state.datasets.find(({ folder }) => folder === this.state.form.dataset);
    this.datasetDetail.replaceChildren();
    this.datasetDetail.hidden = !dataset;
    if (!dataset) return;
    if (dataset.lacksClasses) {
      this.datasetDetail.append(
        dataset.error?.code === 'DATASET_FLAT'
          ? l10n.t('This folder has no classes yet.')
          : l10n.t('This folder has only one class so far.'),
        ' ',
        l10n.t('Group its images and name the groups, or put the images of each class into a folder of its own.'),
        h(
          'div',
          {},
          textButton(l10n.t('Group Images…'), () => this.post({ type: 'groupImages', dataset: dataset.folder })),
        ),
      );
    } else if (dataset.error) {
      this.datasetDetail.append(errorBox(dataset.error, this.post));
    } else if (!dataset.inspection) {
      this.datasetDetail.append(l10n.t('Counting images…'));
    } else {
      const { classes, images, problems } = dataset.inspection;
      const { formats } = this;
      this.datasetDetail.append(
        images === 1
          ? l10n.t('{0} classes, 1 image', formats.integer(classes))
          : l10n.t('{0} classes, {1} images', formats.integer(classes), formats.integer(images)),
      );
      if (problems > 0) {
        const show = () => this.post({ type: 'showProblems', dataset: dataset.folder });
        this.datasetDetail.append(
          ', ',
          textButton(
            problems === 1 ? l10n.t('1 problem') : l10n.t('{0} problems', this.formats.integer(problems)),
            show,
          ),
        );
      }
      this.datasetDetail.append(
        h(
          'div',
          {},
          textButton(l10n.t('Advise on model and method'), () => this.post({ type: 'advise' })),
        ),
      );
    }
  }

  private deviceLabel({ value, detail, unavailable }: TrainPanelState['devices'][number]): string {
    const name = deviceNames()[value];
    const more = unavailable ?? detail;
    return more ? `${name}: ${more}` : name;
  }

  private read(): TrainForm {
    const augmentation = given({
      randomResizedCrop: this.crop.checked ? undefined : (false as const),
      horizontalFlip: this.flip.checked ? undefined : (0 as const),
    });
    const form = given({
      dataset: this.dataset.value || undefined,
      ...this.model.read(),
      method: this.chosenMethod().read(),
      ...this.main.read(),
      device: this.device.value === 'auto' ? undefined : (this.device.value as 'cpu'),
      ...this.more.read(),
      ...given(Object.fromEntries([...this.choices].map(([key, field]) => [key, field.read()]))),
      augmentation: Object.keys(augmentation).length ? augmentation : undefined,
    });
    if (this.chosenMethod().takesSteps) return form;
    const unread = new Set(['augmentation', ...needingTraining(this.state.options)]);
    return { ...Object.fromEntries(Object.entries(form).filter(([key]) => !unread.has(key))), method: form.method };
  }
}

/** Whether something is set that lies folded away. */
const isSetApart = ({ init, device }: TrainForm): boolean => init === 'random' || (device ?? 'auto') !== 'auto';

/** Without the keys that are undefined, so that the config written from it is short. */
function given<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T;
}

const needingTraining = (options: readonly FormOption[]): string[] =>
  options.filter(({ needsTraining }) => needsTraining).map(({ key }) => key);

/** The numbers among the options that are folded away, or that are not. */
function numbersOf(options: readonly FormOption[], isFolded: boolean): Record<string, NumberField> {
  return Object.fromEntries(
    options.flatMap((option) =>
      option.kind === 'number' && option.isFolded === isFolded
        ? [[option.key, { ...option, name: option.key }] as const]
        : [],
    ),
  );
}

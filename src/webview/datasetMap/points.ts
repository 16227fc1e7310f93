/** Points on a canvas by WebGL: one call draws all of them, whatever their number. */

/** Which part of the plane is seen: its middle, and pixels of the page per unit. */
export interface Camera {
  x: number;
  y: number;
  scale: number;
}

const vertexShader = `
attribute vec2 place;
attribute vec4 colour;
uniform vec2 middle;
uniform vec2 zoom;
uniform float size;
varying vec4 shade;
varying float wide;
void main() {
  shade = colour;
  wide = size;
  // A point that is hidden lies outside of what is seen.
  gl_Position = colour.a == 0.0 ? vec4(2.0, 2.0, 2.0, 1.0) : vec4((place - middle) * zoom, 0.0, 1.0);
  gl_PointSize = size;
}`;

const fragmentShader = `
precision mediump float;
varying vec4 shade;
varying float wide;
void main() {
  // The edge of a disc is as soft as a pixel.
  float opacity = shade.a * clamp((0.5 - length(gl_PointCoord - 0.5)) * wide, 0.0, 1.0);
  gl_FragColor = vec4(shade.rgb * opacity, opacity);
}`;

export class Points {
  private constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly gl: WebGLRenderingContext,
    private readonly count: number,
    private readonly colours: WebGLBuffer,
    private readonly uniforms: Record<'middle' | 'zoom' | 'size', WebGLUniformLocation | null>,
  ) {}

  /** `places` are [points, 2]. Undefined where the window has no WebGL. */
  static on(canvas: HTMLCanvasElement, places: Float32Array): Points | undefined {
    const gl = canvas.getContext('webgl', { antialias: false, premultipliedAlpha: true });
    const program = gl && programOf(gl);
    const colours = gl?.createBuffer();
    if (!gl || !program || !colours) return undefined;
    gl.useProgram(program);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    const attribute = (name: string, buffer: WebGLBuffer | null, size: number, type: number, isShare: boolean) => {
      const place = gl.getAttribLocation(program, name);
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, size, type, isShare, 0, 0);
    };
    attribute('place', gl.createBuffer(), 2, gl.FLOAT, false);
    gl.bufferData(gl.ARRAY_BUFFER, places, gl.STATIC_DRAW);
    attribute('colour', colours, 4, gl.UNSIGNED_BYTE, true);
    const uniform = (name: string) => gl.getUniformLocation(program, name);
    const uniforms = { middle: uniform('middle'), zoom: uniform('zoom'), size: uniform('size') };
    return new Points(canvas, gl, places.length / 2, colours, uniforms);
  }

  /** Red, green, blue and opacity of each point; one without opacity is not drawn. */
  setColours(colours: Uint8Array): void {
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, this.colours);
    this.gl.bufferData(this.gl.ARRAY_BUFFER, colours, this.gl.DYNAMIC_DRAW);
  }

  /** `width` and `height` of the canvas, and the width of a point, are in pixels of the page. */
  draw({ x, y, scale }: Camera, width: number, height: number, size: number): void {
    const { gl, canvas, uniforms } = this;
    const ratio = window.devicePixelRatio;
    const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== wide || canvas.height !== high) [canvas.width, canvas.height] = [wide, high];
    gl.viewport(0, 0, wide, high);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.uniform2f(uniforms.middle, x, y);
    gl.uniform2f(uniforms.zoom, (2 * scale) / width, (2 * scale) / height);
    gl.uniform1f(uniforms.size, size * ratio);
    gl.drawArrays(gl.POINTS, 0, this.count);
  }
}

function programOf(gl: WebGLRenderingContext): WebGLProgram | undefined {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, vertexShader],
    [gl.FRAGMENT_SHADER, fragmentShader],
  ] as const) {
    const shader = gl.createShader(type);
    if (!shader) return undefined;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  return gl.getProgramParameter(program, gl.LINK_STATUS) ? program : undefined;
}

/**
 * The inputs that say what is trained on top of: the model, the features of one from an ONNX file, and the weights to
 * start from.
 */
import * as l10n from '@vscode/l10n';
import { type ChoiceControl, dropdown, textButton } from '../controls.js';
import { h } from '../element.js';
import type { FromTrainPanel, MethodName, ModelChoice, TrainForm } from '../protocol.js';

type Ask = Extract<FromTrainPanel['type'], 'addModel' | 'addOnnxModel' | 'downloadModel' | 'recommendedModels'>;

/** The methods that need only the features of a model; the first one replaces a method that needs more. */
const frozenMethods: readonly MethodName[] = ['head', 'pretrained'];

/** The methods that can work with this model, or undefined: all. */
export const methodsFor = (model: ModelChoice | undefined): readonly MethodName[] | undefined =>
  model?.onnx ? frozenMethods : undefined;

export class ModelFields {
  readonly elements: readonly HTMLElement[];
  /** The weights to start from, which few people change. */
  readonly initElement: HTMLElement;
  private readonly model: ChoiceControl;
  private readonly detail = h('p', { class: 'hint' });
  private readonly features: ChoiceControl;
  private readonly init: ChoiceControl;
  private models: readonly ModelChoice[] = [];

  constructor(post: (message: { type: Ask }) => void, onChange: () => void) {
    const ask = (type: Ask, label: string, title: string) => {
      const action = textButton(label, () => post({ type }));
      action.title = title;
      action.setAttribute('aria-label', title);
      return action;
    };
    const action = h(
      'span',
      { class: 'label-actions' },
      ask('recommendedModels', l10n.t('Recommended…'), l10n.t('Recommended models…')),
      ask('addModel', l10n.t('Folder…'), l10n.t('Add model folder…')),
      ask('addOnnxModel', l10n.t('ONNX…'), l10n.t('Add ONNX file…')),
      ask('downloadModel', l10n.t('Download…'), l10n.t('Download model from the hub…')),
    );
    const onModel = () => {
      // What a tensor is called in one file means nothing in another.
      this.features.setOptions([], '');
      onChange();
    };
    this.model = dropdown({ name: 'model', label: l10n.t('Model'), action, onChange: onModel });
    this.features = dropdown({ name: 'featureOutput', label: l10n.t('Features'), onChange });
    this.features.element.title = l10n.t('The tensor of the ONNX file that holds the features of an image.');
    this.init = dropdown({ name: 'init', label: l10n.t('Start from'), onChange });
    this.elements = [h('div', {}, this.model.element, this.detail), this.features.element];
    this.initElement = this.init.element;
  }

  get chosen(): ModelChoice | undefined {
    return this.models.find(({ value }) => value === this.model.value) ?? this.models[0];
  }

  show(models: readonly ModelChoice[], form: Pick<TrainForm, 'model' | 'featureOutput' | 'init'>): void {
    this.models = models;
    const model = models.find(({ value }) => value === form.model) ?? models[0];
    this.model.setOptions(
      models.map(({ value, name }) => ({ value, label: name })),
      model?.value ?? '',
    );
    this.detail.textContent = model?.detail ?? '';
    this.detail.hidden = !model?.detail;
    this.showFeatures(model?.onnx, form.featureOutput);
    this.init.setOptions(
      [
        { value: 'pretrained', label: l10n.t('Pretrained weights'), disabled: model?.pretrained === false },
        { value: 'random', label: l10n.t('Random weights') },
      ],
      model?.pretrained === false ? 'random' : (form.init ?? 'pretrained'),
    );
  }

  /** A frozen network cannot start from random weights, and a method that trains nothing has nothing to start. */
  showTraining(trains: boolean): void {
    this.init.element.hidden = !trains || this.chosen?.onnx !== undefined;
  }

  read(): Pick<TrainForm, 'model' | 'featureOutput' | 'init'> {
    const onnx = this.chosen?.onnx;
    return {
      model: this.model.value || undefined,
      featureOutput: (onnx && this.features.value) || undefined,
      init: !onnx && this.init.value === 'random' ? 'random' : undefined,
    };
  }

  private showFeatures(onnx: ModelChoice['onnx'], wanted = ''): void {
    this.features.element.hidden = !onnx;
    const tensors = onnx?.tensors ?? [];
    const found = onnx?.found === undefined ? l10n.t('Automatic') : l10n.t('Automatic: {0}', onnx.found);
    // A config may name any tensor inside, so that one which is not among the last is offered too.
    const names = wanted === '' || tensors.includes(wanted) ? tensors : [...tensors, wanted];
    this.features.setOptions(
      [{ value: '', label: found }, ...names.map((name) => ({ value: name, label: name }))],
      wanted,
    );
  }
}

/** One command of the measurement, run in the work folder. */
export interface Stage {
  readonly name: string;
  /** Of `spikewright`. */
  readonly args: readonly string[];
  /** The file that is there when the stage is done. */
  readonly output: string;
  /** Stages whose output it reads. */
  readonly needs: readonly string[];
}

/** The ensemble's inner attack. */
const ensembleAttack = ['--attack', 'pgd', '--steps', '10', '--ensemble'];

/**
 * All commands in an order in which they could run one after another: the natural network is trained, both networks are
 * converted (T = 4), three SNNs finetuned (that from the natural network is what HIRE-SNN does), and each attacked on the first `samples` test images at ε = 2/255.
 */
export function effectStages(settings: {
  /** The adversarially trained network. */
  readonly robustAnn: string;
  readonly samples: number;
  /** Of each finetuning. */
  readonly epochs: number;
}): readonly Stage[] {
  const { robustAnn, samples, epochs } = settings;
  const common = ['--threads', '1', '--seed', '1'];
  const convert = (name: string, ann: string, needs: readonly string[]): Stage => {
    const output = `${name}.sws`;
    return {
      name,
      args: ['convert', ann, '--out', output, '--timesteps', '4', '--batches', '10', ...common],
      output,
      needs,
    };
  };
  const finetune = (name: string, from: string, ...more: string[]): Stage => {
    const output = `${name}.sws`;
    const schedule = [
      '--epochs',
      `${epochs}`,
      '--learning-rate',
      '0.005',
      '--schedule',
      'step',
      '--statistics-batches',
      '50',
    ];
    return {
      name,
      args: ['finetune', `${from}.sws`, '--out', output, ...schedule, ...more, ...common],
      output,
      needs: [from],
    };
  };
  const evaluate = (name: string, network: string, ...attack: string[]): Stage => {
    const output = `${name}.json`;
    const images = ['--samples', `${samples}`, '--epsilon', '2'];
    return {
      name,
      args: ['evaluate', `${network}.sws`, ...images, ...attack, ...common, '--json', output],
      output,
      needs: [network],
    };
  };
  const natural = 'natural-ann';
  const training = [
    '--augmentation',
    'crop-flip',
    '--weight-decay',
    '0.0005',
    '--epochs',
    '12',
    '--warmup',
    '0.15',
    '--schedule',
    'step',
  ];
  const trained = `${natural}.onnx`;
  return [
    {
      name: natural,
      args: ['train', '--arch', 'demo', '--objective', 'natural', ...training, ...common, '--out', trained],
      output: trained,
      needs: [],
    },
    convert('at-converted', robustAnn, []),
    finetune('at-trainable', 'at-converted'),
    evaluate('at-trainable-by-member', 'at-trainable', ...ensembleAttack, '--by-member'),
    evaluate('at-trainable-fgsm', 'at-trainable', '--attack', 'fgsm'),
    evaluate('at-trainable-rfgsm', 'at-trainable', '--attack', 'rfgsm'),
    evaluate('at-trainable-pgd20', 'at-trainable', '--attack', 'pgd', '--steps', '20'),
    finetune('at-fixed', 'at-converted', '--fixed-thresholds'),
    evaluate('at-fixed-ensemble', 'at-fixed', ...ensembleAttack),
    convert('natural-converted', trained, [natural]),
    finetune('hire-style', 'natural-converted'),
    evaluate('hire-style-ensemble', 'hire-style', ...ensembleAttack),
  ];
}

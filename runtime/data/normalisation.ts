/** Per-channel mean and standard deviation of a data set's pixels in [0, 1]. */
export interface Normalisation {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

const half = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };

/**
 * The constants that the method's networks were trained with, by data set (Özdenizci and Legenstein 2024, official
 * code). MNIST's are the mean and deviation of its training images.
 */
export const normalisations: Readonly<Record<string, Normalisation>> = {
  cifar10: { mean: [0.4914, 0.4822, 0.4465], std: [0.2023, 0.1994, 0.201] },
  cifar100: { mean: [0.5071, 0.4867, 0.4408], std: [0.2675, 0.2565, 0.2761] },
  svhn: half,
  tinyimagenet: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  mnist: { mean: [0.1307], std: [0.3081] },
};

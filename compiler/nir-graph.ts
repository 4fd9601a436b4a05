/** Numbers of a NIR node, row-major; whole numbers too are held as floats. */
export interface NirArray {
  /** Empty for a scalar. */
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array;
  /** Written and read as int64. */
  readonly isWhole: boolean;
}

/** A computational unit of a NIR graph: its type, and its parameters by name. */
export interface NirNode {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, NirArray | string>;
}

/**
 * The Neuromorphic Intermediate Representation (Pedersen et al., Nature Communications 2024; github.com/neuromorphs/NIR):
 * nodes by name, and directed edges between them. A node with several edges into it hears their sum. Feature maps are
 * [C, H, W], kernels [out, in, H, W], matrices [out, in], all without a batch axis.
 */
export interface NirGraph {
  readonly nodes: ReadonlyMap<string, NirNode>;
  readonly edges: readonly (readonly [from: string, to: string])[];
  /** Beside the format: notes that nothing may depend on. */
  readonly metadata: ReadonlyMap<string, NirArray | string>;
}

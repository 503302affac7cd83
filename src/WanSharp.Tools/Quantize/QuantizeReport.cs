using WanSharp.Graphs;
using WanSharp.Tools.Quality;

namespace WanSharp.Tools.Quantize;

/// <summary>What a model became.</summary>
/// <param name="Layers">What each layer loses alone, and how it multiplies now.</param>
/// <param name="Clips">The clips that were compared.</param>
/// <param name="StepBefore">Time of a denoise step before, the median of the clips.</param>
/// <param name="StepAfter">And now, in 8-bit integers where they were chosen.</param>
/// <param name="BytesBefore">Size of the transformers' files before.</param>
/// <param name="Files">The files that were written, and their sizes.</param>
/// <param name="Use">How the model is named to use it.</param>
/// <param name="Tried">How many choices of layers were measured on clips.</param>
/// <param name="Rejected">How many choices were written before, and lost too much on the clips that judge.</param>
public sealed record QuantizeReport(
    IReadOnlyList<(LayerLoss Loss, LayerFormat Format)> Layers,
    IReadOnlyList<QuantizedClip> Clips,
    TimeSpan StepBefore,
    TimeSpan StepAfter,
    long BytesBefore,
    IReadOnlyList<(string Path, long Bytes)> Files,
    string Use,
    int Tried,
    int Rejected
)
{
    /// <summary>The loss that 95 of 100 clips of prompts yet unseen are expected to keep within.</summary>
    public double Forecast => LossForecast.Of([.. Clips.Where(clip => clip.IsHeldBack).Select(clip => clip.Loss)]);
}

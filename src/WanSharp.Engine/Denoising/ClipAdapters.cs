using WanSharp.Engine.Requests;
using WanSharp.Runtime.Adapters;

namespace WanSharp.Engine.Denoising;

/// <summary>A clip's LoRAs as its transformers take them, with the strengths of each step.</summary>
/// <remarks>Not thread-safe. The adapters stay their owner's.</remarks>
/// <param name="lowNoise">Those of the only transformer, or of the low-noise expert; null for none.</param>
/// <param name="highNoise">Those of the high-noise expert; null for none.</param>
internal sealed class ClipAdapters(ClipAdapters.Part? lowNoise, ClipAdapters.Part? highNoise)
{
    private AdapterUse? _last;

    /// <summary>The LoRAs of a step; null where none acts.</summary>
    /// <param name="step">The step, from 0.</param>
    /// <param name="isHighNoise">Which expert takes it.</param>
    public AdapterUse? At(int step, bool isHighNoise)
    {
        if ((isHighNoise ? highNoise : lowNoise) is not { } part)
        {
            return null;
        }

        float[] strengths = [.. part.Strengths.Select(strength => (float)strength.At(step))];
        if (strengths.All(strength => strength == 0))
        {
            return null;
        }

        if (_last is { } last && last.Adapter == part.Adapter && last.Strengths.SequenceEqual(strengths))
        {
            return last;
        }

        return _last = new AdapterUse(part.Adapter, strengths);
    }

    /// <summary>The LoRAs of one transformer.</summary>
    /// <param name="Adapter">What they do.</param>
    /// <param name="Strengths">How strong each is, in the adapter's order.</param>
    public sealed record Part(Adapter Adapter, IReadOnlyList<LoraStrength> Strengths);
}

using System.Globalization;
using System.Text.Json.Serialization;

namespace WanSharp.Engine.Guidance;

/// <summary>Some consecutive steps of a clip, as shares of all: <c>0.1-0.9</c> leaves out the first tenth and the last.</summary>
/// <param name="From">The share of the steps before the first one, from 0.</param>
/// <param name="To">The share of the steps up to the last one, at most 1.</param>
[JsonConverter(typeof(TextJson<StepInterval>))]
public sealed record StepInterval(double From, double To) : IParsable<StepInterval>
{
    /// <summary>All steps.</summary>
    public static StepInterval All { get; } = new(0, 1);

    /// <summary>Whether it is one: the shares are in order, and from 0 to 1.</summary>
    public bool IsValid => From >= 0 && From < To && To <= 1;

    /// <inheritdoc/>
    public static StepInterval Parse(string s, IFormatProvider? provider) =>
        TryParse(s, provider, out var interval) ? interval : throw new FormatException($"'{s}' is not an interval of steps.");

    /// <inheritdoc/>
    public static bool TryParse(string? s, IFormatProvider? provider, out StepInterval result)
    {
        var parts = (s ?? "").Split('-');
        var isInterval = parts.Length == 2 && TextNumbers.TryParse(parts[0], out _) && TextNumbers.TryParse(parts[1], out _);
        result = isInterval ? new StepInterval(TextNumbers.Parse(parts[0]), TextNumbers.Parse(parts[1])) : null!;
        return isInterval;
    }

    /// <summary>Whether a step is one of them.</summary>
    /// <remarks>Source: huggingface/diffusers:guiders/guider_utils.py, <c>start</c> and <c>stop</c>: both are rounded down.</remarks>
    /// <param name="step">The step, from 0.</param>
    /// <param name="steps">How many there are.</param>
    public bool Contains(int step, int steps) => (int)(From * steps) <= step && step < (int)(To * steps);

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{From}-{To}");
}

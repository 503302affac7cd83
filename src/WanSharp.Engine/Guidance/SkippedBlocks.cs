using System.Globalization;
using System.Text.Json.Serialization;

namespace WanSharp.Engine.Guidance;

/// <summary>
/// Skip-layer guidance (SLG): the negative prompt's pass leaves out some blocks in some steps, which makes it worse and so leads the clip
/// further from what is bad. It costs nothing; it saves these blocks' time.
/// </summary>
/// <remarks>
/// Written <c>9</c>, or with the steps <c>9@0.1-0.9</c>; several blocks as <c>7,8,9@0.01-0.2</c>. Source:
/// deepbeepmeep/Wan2GP:models/wan/modules/model.py (<c>slg_layers</c>, later <c>perturbation_layers</c>), whose defaults are block 9 from
/// 10 % to 90 % of the steps.
/// </remarks>
/// <param name="blocks">The blocks, from 0; copied.</param>
/// <param name="steps">The steps in which they are left out.</param>
[JsonConverter(typeof(TextJson<SkippedBlocks>))]
public sealed class SkippedBlocks(IEnumerable<int> blocks, StepInterval steps) : IEquatable<SkippedBlocks>, IParsable<SkippedBlocks>
{
    private const int MostBlocks = 64;
    private static readonly StepInterval UsualSteps = new(0.1, 0.9);

    /// <summary>The blocks, in order, each once.</summary>
    public IReadOnlyList<int> Blocks { get; } = [.. blocks.Distinct().Order()];

    /// <summary>The steps in which they are left out.</summary>
    public StepInterval Steps => steps;

    /// <inheritdoc/>
    public static SkippedBlocks Parse(string s, IFormatProvider? provider) =>
        TryParse(s, provider, out var skipped) ? skipped : throw new FormatException($"'{s}' does not have the form 9@0.1-0.9.");

    /// <inheritdoc/>
    public static bool TryParse(string? s, IFormatProvider? provider, out SkippedBlocks result)
    {
        result = null!;
        var parts = (s ?? "").Split('@');
        var steps = UsualSteps;
        if (parts.Length > 2 || (parts.Length == 2 && !StepInterval.TryParse(parts[1], provider, out steps)))
        {
            return false;
        }

        var names = parts[0].Split(',', StringSplitOptions.TrimEntries);
        var blocks = new List<int>();
        foreach (var name in names.Take(MostBlocks + 1))
        {
            if (!int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var block))
            {
                return false;
            }

            blocks.Add(block);
        }

        result = blocks.Count <= MostBlocks ? new SkippedBlocks(blocks, steps) : null!;
        return result is not null;
    }

    /// <inheritdoc/>
    public bool Equals(SkippedBlocks? other) => other is not null && Steps == other.Steps && Blocks.SequenceEqual(other.Blocks);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SkippedBlocks);

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => $"{string.Join(',', Blocks)}@{Steps}";
}

using System.Globalization;
using System.Text.Json.Serialization;
using WanSharp.Engine.Guidance;

namespace WanSharp.Engine.StepCaches;

/// <summary>
/// Which steps of a clip are estimated from earlier ones instead of computed, as it is written: <c>easy:0.05</c> is a policy with its
/// numbers, and those left out have the network's usual values. Immutable.
/// </summary>
[JsonConverter(typeof(TextJson<StepCacheSetting>))]
public sealed class StepCacheSetting : IParsable<StepCacheSetting>, IEquatable<StepCacheSetting>
{
    internal StepCacheSetting(string policy, params IEnumerable<double> values) => (Policy, Values) = (policy, [.. values]);

    /// <summary>Every step is computed.</summary>
    public static StepCacheSetting Off { get; } = new(StepCachePolicy.OffName);

    /// <summary>What is known to suit the network.</summary>
    public static StepCacheSetting Auto { get; } = new(StepCachePolicy.AutoName);

    /// <summary>The names of policies, <c>off</c> and <c>auto</c> first.</summary>
    public static IReadOnlyList<string> Policies { get; } =
    [StepCachePolicy.OffName, StepCachePolicy.AutoName, .. StepCachePolicy.All.Select(policy => policy.Name)];

    /// <summary>The policy's name, one of <see cref="Policies"/>.</summary>
    public string Policy { get; }

    /// <summary>Its numbers, in the policy's order; what is left out at the end has its usual value.</summary>
    public IReadOnlyList<double> Values { get; }

    /// <inheritdoc/>
    public static StepCacheSetting Parse(string s, IFormatProvider? provider) =>
        TryParse(s, provider, out var setting) ? setting : throw new FormatException($"'{s}' does not have the form easy:0.05.");

    /// <inheritdoc/>
    public static bool TryParse(string? s, IFormatProvider? provider, out StepCacheSetting result)
    {
        result = null!;
        var parts = (s ?? "").Split(':', 2, StringSplitOptions.TrimEntries);
        var name = Policies.FirstOrDefault(policy => policy.Equals(parts[0], StringComparison.OrdinalIgnoreCase));
        double[]? numbers = [];
        if (name is null || (parts.Length > 1 && (numbers = TextNumbers.TryParseAll(parts[1], NumbersOf(name))) is null))
        {
            return false;
        }

        result = new StepCacheSetting(name, numbers);
        return true;
    }

    /// <inheritdoc/>
    public bool Equals(StepCacheSetting? other) => other is not null && Policy == other.Policy && Values.SequenceEqual(other.Values);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as StepCacheSetting);

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() =>
        Values.Count == 0 ? Policy : $"{Policy}:{string.Join(',', Values.Select(value => value.ToString(CultureInfo.InvariantCulture)))}";

    private static int NumbersOf(string name) => StepCachePolicy.All.FirstOrDefault(policy => policy.Name == name)?.Numbers.Count ?? 0;
}

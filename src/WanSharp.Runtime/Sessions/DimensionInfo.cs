using System.Globalization;

namespace WanSharp.Runtime;

/// <summary>A dimension that a graph declares: fixed, named, or open.</summary>
/// <param name="Length">Its length, when fixed.</param>
/// <param name="Symbol">Its name ("batch", "tokens"); empty when fixed or open.</param>
public readonly record struct DimensionInfo(long? Length, string Symbol)
{
    /// <summary>The length, the name, or "?".</summary>
    public override string ToString() => Length?.ToString(CultureInfo.InvariantCulture) ?? (Symbol.Length > 0 ? Symbol : "?");
}

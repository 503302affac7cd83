namespace WanSharp.Runtime.Adapters;

/// <summary>A merged weight has numbers beyond the range of F16.</summary>
/// <param name="weight">The weight.</param>
internal sealed class HalfRangeException(string weight) : Exception($"{weight} is too large for F16.")
{
    /// <summary>The weight's name.</summary>
    public string Weight => weight;
}

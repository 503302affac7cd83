namespace WanSharp.Engine.StepCaches;

/// <summary>A number that a policy takes.</summary>
/// <param name="Name">What it is, for messages.</param>
/// <param name="Least">The least value.</param>
/// <param name="Most">The largest.</param>
/// <param name="IsWhole">Whether it is a whole number.</param>
internal sealed record StepCacheNumber(string Name, double Least, double Most, bool IsWhole = false)
{
    /// <summary>Its value where nothing is said, whatever the network; null where that depends on it.</summary>
    public double? Usual { get; init; }

    public bool Contains(double value) => value >= Least && value <= Most && (!IsWhole || value == Math.Truncate(value));
}

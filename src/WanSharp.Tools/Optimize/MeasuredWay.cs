namespace WanSharp.Tools.Optimize;

/// <summary>What clips of a way cost.</summary>
/// <param name="Way">The way.</param>
/// <param name="Seconds">Time of a clip once the program runs and its prompt is encoded, the median.</param>
/// <param name="StartSeconds">What the program takes in addition for a single one: its start, opening, compiling, encoding.</param>
/// <param name="Loss">1 − SSIM to the model's own clips, in the mean.</param>
/// <param name="WorstLoss">The worst clip's.</param>
internal sealed record MeasuredWay(Way Way, double Seconds, double StartSeconds, double Loss, double WorstLoss) : IWayCost
{
    /// <inheritdoc/>
    public double TotalSeconds => StartSeconds + Seconds;

    /// <summary>Whether it is in nothing better than another, and in something worse.</summary>
    public bool IsDominatedBy(MeasuredWay other) =>
        other.Seconds <= Seconds
        && other.TotalSeconds <= TotalSeconds
        && other.WorstLoss <= WorstLoss
        && (other.Seconds < Seconds || other.TotalSeconds < TotalSeconds || other.WorstLoss < WorstLoss);

    /// <summary>The same way, measured twice: whatever of it is worse.</summary>
    public MeasuredWay WorseOf(MeasuredWay other) =>
        new(
            Way,
            Math.Max(Seconds, other.Seconds),
            Math.Max(StartSeconds, other.StartSeconds),
            Math.Max(Loss, other.Loss),
            Math.Max(WorstLoss, other.WorstLoss)
        );
}

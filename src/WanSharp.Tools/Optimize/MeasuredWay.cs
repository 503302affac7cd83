using WanSharp.Runtime;

namespace WanSharp.Tools.Optimize;

/// <summary>What clips of a way cost.</summary>
/// <param name="Way">The way.</param>
/// <param name="Seconds">Time of a clip once the program runs and its prompt is encoded, the median.</param>
/// <param name="StartSeconds">What the program takes in addition for a single one: its start, opening, compiling, encoding.</param>
/// <param name="Loss">1 − SSIM to the model's own clips, in the mean.</param>
/// <param name="WorstLoss">The worst clip's.</param>
internal sealed record MeasuredWay(Way Way, double Seconds, double StartSeconds, double Loss, double WorstLoss) : IWayCost
{
    /// <summary>What networks computed in.</summary>
    public Precision Precision { get; init; } = Precision.Full;

    /// <inheritdoc cref="SavedWay.Made"/>
    public string Made { get; init; } = "";

    /// <inheritdoc cref="SavedWay.Strategy"/>
    public SavedStrategy? Strategy { get; init; }

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
        this with
        {
            Seconds = Math.Max(Seconds, other.Seconds),
            StartSeconds = Math.Max(StartSeconds, other.StartSeconds),
            Loss = Math.Max(Loss, other.Loss),
            WorstLoss = Math.Max(WorstLoss, other.WorstLoss),
        };
}

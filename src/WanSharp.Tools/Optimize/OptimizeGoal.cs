using WanSharp.Tools.Compare;

namespace WanSharp.Tools.Optimize;

/// <summary>
/// What is wanted of clips: a time, in which as little as possible is lost; or a loss, with which they are as fast as possible. Nothing in
/// particular is a small loss.
/// </summary>
public sealed record OptimizeGoal
{
    /// <summary>The time of a clip, from the start of the program; null for any.</summary>
    public TimeSpan? Within { get; init; }

    /// <summary>How much of a clip's SSIM may be lost, of 1; null for any. Default: 3 %, and with a time any.</summary>
    public double? MaxLoss
    {
        get => field ?? (Within is null ? ComparisonScale.LittleLoss : null);
        init;
    }

    /// <summary>The best of some ways that fulfil it; null if none does.</summary>
    internal T? Best<T>(IEnumerable<T> ways)
        where T : class, IWayCost =>
        ways.Where(way => IsFulfilledBy(way))
            .OrderBy(way => Within is null ? way.Seconds : way.WorstLoss)
            .ThenBy(way => way.Seconds)
            .FirstOrDefault();

    /// <summary>Whether a way keeps within the time and the loss.</summary>
    internal bool IsFulfilledBy(IWayCost way) => IsInTime(way) && (MaxLoss is not { } loss || way.WorstLoss <= loss);

    /// <summary>Whether a way keeps within the time.</summary>
    internal bool IsInTime(IWayCost way) => Within is not { } time || way.TotalSeconds <= time.TotalSeconds;

    /// <summary>Whether of two ways that fulfil it one is better.</summary>
    internal bool IsBetter(IWayCost way, IWayCost other) => Within is null ? way.Seconds < other.Seconds : way.WorstLoss < other.WorstLoss;
}

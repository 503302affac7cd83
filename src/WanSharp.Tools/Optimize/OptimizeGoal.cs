namespace WanSharp.Tools.Optimize;

/// <summary>What is wanted of clips: a time, in which as little as possible is lost; or a loss, with which they are as fast as
/// possible.</summary>
public sealed record OptimizeGoal
{
    /// <summary>The time of a clip, from the start of the program; null for any.</summary>
    public TimeSpan? Within { get; init; }

    /// <summary>How much of a clip's SSIM may be lost, of 1; null for any.</summary>
    public double? MaxLoss { get; init; }

    /// <summary>Whether anything is wanted.</summary>
    public bool IsGiven => Within is not null || MaxLoss is not null;

    /// <summary>The best of some ways that fulfil it; null if none does.</summary>
    internal MeasuredWay? Best(IEnumerable<MeasuredWay> ways)
    {
        var fitting = ways.Where(IsFulfilledBy);
        return Within is null ? fitting.MinBy(way => way.Seconds) : fitting.MinBy(way => way.Worst);
    }

    /// <summary>Whether a way keeps within the time and the loss.</summary>
    internal bool IsFulfilledBy(MeasuredWay way) =>
        (Within is not { } time || way.TotalSeconds <= time.TotalSeconds) && (MaxLoss is not { } loss || way.Worst <= loss);

    /// <summary>Whether of two ways that fulfil it one is better.</summary>
    internal bool IsBetter(MeasuredWay way, MeasuredWay other) => Within is null ? way.Seconds < other.Seconds : way.Worst < other.Worst;
}

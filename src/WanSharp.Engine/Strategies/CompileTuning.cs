namespace WanSharp.Engine.Strategies;

/// <summary>How much is prepared for faster runs.</summary>
public enum CompileTuning
{
    /// <summary>Nothing that costs time: one graph for all shapes.</summary>
    Default,

    /// <summary>Graphs of fixed shapes, whose memory is planned in advance.</summary>
    ReduceOverhead,

    /// <summary>The strategies that fit are timed once on this machine, and the fastest is remembered.</summary>
    MaxAutotune,
}

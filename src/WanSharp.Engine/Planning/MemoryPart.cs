namespace WanSharp.Engine.Planning;

/// <summary>What one part of a generation holds in memory.</summary>
/// <param name="Name">The part, in a few words.</param>
/// <param name="Bytes">How much.</param>
/// <param name="Kind">Whose memory it is.</param>
/// <param name="Stage">The stage, of what is held while one runs.</param>
public sealed record MemoryPart(string Name, long Bytes, MemoryKind Kind, PlanStage? Stage = null);

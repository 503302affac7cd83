using WanSharp.Engine.Memory;

namespace WanSharp.Hosting.Outputs;

/// <summary>A part of the memory.</summary>
/// <param name="Part">What it is.</param>
/// <param name="Bytes">Its size.</param>
public sealed record PartOutput(string Part, long Bytes)
{
    internal static IReadOnlyList<PartOutput> From(IReadOnlyList<MemoryHolding> parts) =>
        [.. parts.Select(part => new PartOutput(part.Name, part.Bytes))];
}

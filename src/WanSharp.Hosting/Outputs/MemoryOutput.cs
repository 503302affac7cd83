using System.Text.Json;
using WanSharp.Engine;
using WanSharp.Engine.Memory;

namespace WanSharp.Hosting.Outputs;

/// <summary>What an engine may use of the memory, and holds.</summary>
/// <param name="AllowedBytes">The limit; null for none.</param>
/// <param name="Limit">Where the limit comes from.</param>
/// <param name="LibraryPeakBytes">The most that ONNX Runtime held.</param>
/// <param name="Reserved">What is set aside.</param>
/// <param name="Held">What is held.</param>
/// <param name="Shed">How often each kind of memory was given back, by its name.</param>
/// <param name="Strategy">How the last clip ran; null before the first.</param>
public sealed record MemoryOutput(
    long? AllowedBytes,
    string Limit,
    long LibraryPeakBytes,
    IReadOnlyList<PartOutput> Reserved,
    IReadOnlyList<PartOutput> Held,
    IReadOnlyDictionary<string, long> Shed,
    StrategyOutput? Strategy
)
{
    /// <summary>The memory of an engine as output.</summary>
    public static MemoryOutput From(MemoryUse memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        return new MemoryOutput(
            memory.Allowance == MemoryAllowance.Unlimited ? null : memory.Allowance.Bytes,
            memory.Allowance.Why,
            memory.PeakBytes,
            PartOutput.From(memory.Reserved),
            PartOutput.From(memory.Held),
            memory
                .Shed.OrderBy(shed => shed.Key)
                .ToDictionary(shed => JsonNamingPolicy.SnakeCaseLower.ConvertName(shed.Key.ToString()), shed => shed.Value),
            memory.Strategy is { } strategy ? StrategyOutput.From(strategy) : null
        );
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;
using WanSharp.Engine;
using WanSharp.Engine.Memory;
using WanSharp.Engine.Strategies;

namespace WanSharp.Cli.Terminal;

/// <summary>What an engine may use and holds of the memory, as JSON.</summary>
internal static class MemoryUseJson
{
    public static JsonObject Write(MemoryUse memory) =>
        new()
        {
            ["allowed_bytes"] = memory.Allowance == MemoryAllowance.Unlimited ? null : memory.Allowance.Bytes,
            ["limit"] = memory.Allowance.Why,
            ["library_peak_bytes"] = memory.PeakBytes,
            ["reserved"] = Parts(memory.Reserved),
            ["held"] = Parts(memory.Held),
            ["shed"] = new JsonObject(
                memory
                    .Shed.OrderBy(shed => shed.Key)
                    .Select(shed =>
                        KeyValuePair.Create(JsonNamingPolicy.SnakeCaseLower.ConvertName(shed.Key.ToString()), (JsonNode?)shed.Value)
                    )
            ),
            ["strategy"] = memory.Strategy is { } strategy ? Write(strategy) : null,
        };

    public static JsonObject Write(Strategy strategy) =>
        new()
        {
            ["bytes"] = strategy.Bytes,
            ["parts"] = Parts(strategy.Parts),
            ["compile"] = JsonNamingPolicy.SnakeCaseLower.ConvertName(strategy.Compile.ToString()),
            ["blocks"] = strategy.Blocks,
            ["resident_blocks"] = strategy.ResidentBlocks,
            ["widens_ahead"] = strategy.WidensAhead,
            ["tokens_at_once"] = strategy.TokensAtOnce,
            ["vae_tiles"] = strategy.IsTiled,
            ["keeps_text_encoder"] = strategy.KeepsTextEncoder,
            ["streams_text_encoder"] = strategy.StreamsTextEncoder,
            ["reasons"] = new JsonArray([.. strategy.Reasons.Select(reason => JsonValue.Create(reason))]),
        };

    private static JsonArray Parts(IReadOnlyList<MemoryHolding> parts) =>
        [.. parts.Select(part => new JsonObject { ["part"] = part.Name, ["bytes"] = part.Bytes })];
}

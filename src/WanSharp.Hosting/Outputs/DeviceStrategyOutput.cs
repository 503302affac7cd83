using System.Text.Json.Serialization;

namespace WanSharp.Hosting.Outputs;

/// <summary>How a clip would run on a device.</summary>
/// <param name="DeviceMemory">Bytes of the device's memory.</param>
/// <param name="Strategy">How it would run; null where it does not fit.</param>
/// <param name="Refused">Why it does not fit.</param>
public sealed record DeviceStrategyOutput(
    long DeviceMemory,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] StrategyOutput? Strategy,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Refused
);

using WanSharp.Engine.Requests;

namespace WanSharp.Hosting.Outputs;

/// <summary>How a clip would run on devices of some sizes.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Settings">The settings that the clip would embed.</param>
/// <param name="Tokens">Tokens of the transformer.</param>
/// <param name="Operations">Floating-point operations of all stages.</param>
/// <param name="Devices">The devices, as they were asked for.</param>
public sealed record DevicePlanOutput(
    string Model,
    GenerationSettings Settings,
    int Tokens,
    double Operations,
    IReadOnlyList<DeviceStrategyOutput> Devices
);

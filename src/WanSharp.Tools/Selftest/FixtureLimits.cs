using WanSharp.Runtime;

namespace WanSharp.Tools.Selftest;

/// <summary>
/// The largest absolute differences that pass. The original code in float32 lies within 8.2e-6 of itself in float64, and
/// noise of one unit in the last place moves outputs by up to 1.3e-5; a mistake in a formula moves one by at least 1.6e-4.
/// </summary>
internal sealed record FixtureLimits
{
    // What the host computes, whatever the provider.
    public const double Sigmas = 1.2e-7;
    public const double EulerTimesteps = 1e-4;
    public const double SamplerTrajectory = 2e-5;
    public const double Bicubic = 1e-5;
    public const double LanczosLevels = 1; // of 255: Pillow's fixed point

    /// <summary>
    /// For networks on a device: its kernels add in another order, multiply and add at once, and their exponentials and
    /// tangents are the driver's, which Vulkan and Direct3D let be some units in the last place off. A mistake in a formula
    /// would still show in most tensors; a wrong kernel was off by 0.05 and more.
    /// </summary>
    public const double Device = 1e-3;

    public double Transformer { get; init; } = 3e-5;

    public double TextEncoder { get; init; } = 1e-4;

    public double Vae { get; init; } = 3e-5;

    public double VisionEncoder { get; init; } = 5e-5;

    public double Pipeline { get; init; } = 1e-4;

    /// <summary>Of pixels that a flow moves: what the flow is off by counts as often as neighbouring pixels differ.</summary>
    public double Interpolator { get; init; } = 1e-4;

    /// <summary>The limits for a provider.</summary>
    public static FixtureLimits For(SessionSettings settings) =>
        settings.IsOnHost
            ? new FixtureLimits()
            : new FixtureLimits
            {
                Transformer = Device,
                TextEncoder = Device,
                Vae = Device,
                VisionEncoder = Device,
                Pipeline = Device,
                Interpolator = Device,
            };
}

namespace WanSharp.Engine.Selftest;

/// <summary>
/// The largest absolute differences that pass. The original code in float32 lies within 8.2e-6 of itself in float64, and
/// noise of one unit in the last place moves outputs by up to 1.3e-5; a mistake in a formula moves one by at least 1.6e-4.
/// </summary>
internal static class FixtureLimits
{
    public const double Transformer = 3e-5;
    public const double TextEncoder = 1e-4;
    public const double Vae = 3e-5;
    public const double ClipVision = 5e-5;
    public const double Sigmas = 1.2e-7;
    public const double EulerTimesteps = 1e-4;
    public const double SamplerTrajectory = 2e-5;
    public const double Pipeline = 1e-4;
    public const double Bicubic = 1e-5;
    public const double LanczosLevels = 1; // of 255: Pillow's fixed point
}

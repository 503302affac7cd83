namespace WanSharp.Tools.Optimize;

/// <summary>What clips of a way cost.</summary>
/// <param name="Way">The way.</param>
/// <param name="Seconds">Time of a clip, the median.</param>
/// <param name="Loss">1 − SSIM to the model's own clips, in the mean.</param>
/// <param name="Worst">The worst clip's.</param>
/// <param name="PrivateBytes">The most memory that ONNX Runtime held.</param>
internal sealed record MeasuredWay(Way Way, double Seconds, double Loss, double Worst, long PrivateBytes)
{
    /// <summary>Whether it is in nothing better than another, and in something worse.</summary>
    public bool IsDominatedBy(MeasuredWay other) =>
        other.Seconds <= Seconds && other.Worst <= Worst && (other.Seconds < Seconds || other.Worst < Worst);
}

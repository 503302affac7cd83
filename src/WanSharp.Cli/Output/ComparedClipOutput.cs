namespace WanSharp.Cli.Output;

/// <summary>How near a clip is to another one.</summary>
/// <param name="Name">The prompt and seed, or the file's name.</param>
/// <param name="Actual">The file that was judged.</param>
/// <param name="Expected">The file that it was compared with.</param>
/// <param name="Width">Pixels across.</param>
/// <param name="Height">Pixels down.</param>
/// <param name="Frames">How many frames were compared.</param>
/// <param name="Psnr">Of the whole clip, in dB; null for equal clips.</param>
/// <param name="MeanPsnr">The mean of the frames that are not equal, in dB; null if all are.</param>
/// <param name="EqualFrames">How many frames are equal.</param>
/// <param name="Ssim">The mean of the frames'.</param>
/// <param name="WorstSsim">The least of the frames'.</param>
/// <param name="MsSsim">The mean of the frames'; null for pictures that are too small.</param>
/// <param name="FlickerSsim">SSIM of the changes between frames; null for a single frame.</param>
/// <param name="Lpips">The mean of the frames'; null where no network was given.</param>
/// <param name="Vmaf">0 to 100; null where ffmpeg does not have it.</param>
/// <param name="Motion">How much moves, as a share of what moves in the other clip; null where nothing does.</param>
/// <param name="FrameSsim">SSIM of each frame.</param>
internal sealed record ComparedClipOutput(
    string Name,
    string Actual,
    string Expected,
    int Width,
    int Height,
    int Frames,
    double? Psnr,
    double? MeanPsnr,
    int EqualFrames,
    double Ssim,
    double WorstSsim,
    double? MsSsim,
    double? FlickerSsim,
    double? Lpips,
    double? Vmaf,
    double? Motion,
    IReadOnlyList<double> FrameSsim
);

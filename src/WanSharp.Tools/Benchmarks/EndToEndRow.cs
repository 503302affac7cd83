namespace WanSharp.Tools.Benchmarks;

/// <summary>Where the time of a clip goes.</summary>
/// <param name="Way">How it was made.</param>
/// <param name="Steps">Denoise steps of the clip.</param>
/// <param name="MeasuredSteps">How many of them were made; the others are reckoned.</param>
/// <param name="Passes">Forward passes of a step.</param>
/// <param name="LoadSeconds">Opening weights and compiling.</param>
/// <param name="TextSeconds">Encoding the prompts.</param>
/// <param name="DenoiseSeconds">All steps.</param>
/// <param name="StepSeconds">A step, the median of those but the first and the last.</param>
/// <param name="DecodeSeconds">Decoding the frames.</param>
/// <param name="WriteSeconds">Taking frames and encoding them as mp4, part of which overlaps with decoding.</param>
/// <param name="TotalSeconds">From the call to the finished file.</param>
/// <param name="ProcessorSeconds">Seconds of all processors in that time, without ffmpeg's.</param>
/// <param name="PeakPrivateBytes">The largest private memory; null where that is not known.</param>
public sealed record EndToEndRow(
    string Way,
    int Steps,
    int MeasuredSteps,
    int Passes,
    double LoadSeconds,
    double TextSeconds,
    double DenoiseSeconds,
    double StepSeconds,
    double DecodeSeconds,
    double WriteSeconds,
    double TotalSeconds,
    double ProcessorSeconds,
    long? PeakPrivateBytes
);

namespace WanSharp.Cli.Output;

/// <summary>A clip from prompt to file.</summary>
/// <param name="Way">How it was made.</param>
/// <param name="Steps">Denoise steps of the clip.</param>
/// <param name="MeasuredSteps">How many of them were made; the others are reckoned.</param>
/// <param name="Passes">Forward passes of a step.</param>
/// <param name="LoadSeconds">Opening weights and compiling.</param>
/// <param name="TextSeconds">Encoding the prompts.</param>
/// <param name="DenoiseSeconds">All steps.</param>
/// <param name="StepSeconds">A step.</param>
/// <param name="DecodeSeconds">Decoding the frames.</param>
/// <param name="WriteSeconds">Taking frames and encoding them.</param>
/// <param name="TotalSeconds">From the call to the finished file.</param>
/// <param name="PeakPrivateBytes">The largest private memory.</param>
internal sealed record EndToEndWayOutput(
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
    long? PeakPrivateBytes
);

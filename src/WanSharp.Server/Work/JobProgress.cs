using WanSharp.Engine;

namespace WanSharp.Server.Work;

/// <summary>How far a job has come.</summary>
internal sealed record JobProgress
{
    /// <summary>Of the work, what denoising is, about; decoding is the rest.</summary>
    private const double DenoiseShare = 0.85;

    /// <summary>What it does now.</summary>
    public GenerationProgress Position { get; init; }

    /// <summary>When it was started, as a timestamp of the clock.</summary>
    public required long Since { get; init; }

    /// <summary>The latest estimate of its clip; null before the first.</summary>
    public PreviewFrames? Preview { get; init; }

    /// <summary>0 to 99: 100 is a clip that is in its place.</summary>
    public int Percent =>
        (int)(
            99
            * Position.Stage switch
            {
                GenerationStage.Denoise => DenoiseShare * Share,
                GenerationStage.Decode => DenoiseShare + ((1 - DenoiseShare) * Share),
                GenerationStage.Write => 1,
                _ => 0,
            }
        );

    private double Share => Position.Total > 0 ? (double)Position.Done / Position.Total : 0;
}

namespace WanSharp.Jobs.Films;

/// <summary>A section of a film, as its file says it. Immutable.</summary>
public sealed record FilmSection
{
    /// <summary>
    /// What it shows, its settings, and its images. <see cref="Engine.Requests.ClipSettings.Frames"/> and
    /// <see cref="Engine.Requests.ClipSettings.Seconds"/> say how long it is shown: any number of frames.
    /// </summary>
    public required JobRequest Request { get; init; }

    /// <summary>Whether any seed will do, so that the request's was drawn.</summary>
    public bool DrawsSeed { get; init; }

    /// <summary>What it begins with; null for what the model can do: rather continue than cut.</summary>
    public SectionStart? Start { get; init; }

    /// <summary>
    /// The picture of the frame that the next section was made from: this one ends with it, so that the next one stays. Null for none.
    /// </summary>
    public string? Pin { get; init; }

    /// <summary>The user's own clip, which is shown as it is; null for a section that is made.</summary>
    public GivenClip? Clip { get; init; }

    /// <summary>The name of its chapter; null for its prompt.</summary>
    public string? Title { get; init; }

    /// <inheritdoc cref="Job.Style"/>
    public string? Style { get; init; }

    /// <inheritdoc cref="NewJob.UseCache"/>
    public bool UseCache { get; init; } = true;

    /// <summary>The line of the file where it begins, from 1; 0 where there is no file.</summary>
    public int Line { get; init; }
}

namespace WanSharp.Jobs.Films;

/// <summary>A film: sections that are shown one after the other. Immutable.</summary>
public sealed record Film
{
    /// <summary>The most sections.</summary>
    public const int MostSections = 1000;

    /// <summary>The sections, at least one.</summary>
    public required IReadOnlyList<FilmSection> Sections { get; init; }

    /// <summary>How long the film is; sections that do not say their own length share what the others leave. Null: each says its own,
    /// or takes the model's.</summary>
    public double? Seconds { get; init; }

    /// <summary>Whether a section begins with the picture that the one before it ends with: that is shown once.</summary>
    /// <param name="index">The section's place, from 0.</param>
    internal bool MeetsAtKeyframe(int index) =>
        index > 0
        && Sections[index].Request.Images.TryGetValue(0, out var first)
        && Sections[index - 1].Request.Images.GetValueOrDefault(-1) == first;
}

namespace WanSharp.Jobs.Films;

/// <summary>A clip of a film: a section, or a part of one that is longer than the model's clips. Immutable.</summary>
public sealed record FilmPart
{
    /// <summary>Its number in the film, from 1.</summary>
    public required int Number { get; init; }

    /// <summary>The number of its section, from 1.</summary>
    public required int Section { get; init; }

    /// <summary>Whether it is the first of its section.</summary>
    public required bool OpensSection { get; init; }

    /// <summary>The name of its section's chapter.</summary>
    public required string Title { get; init; }

    /// <summary>What is made, without the frame of the part before it where it continues that.</summary>
    public required JobRequest Request { get; init; }

    /// <inheritdoc cref="FilmSection.Style"/>
    public string? Style { get; init; }

    /// <inheritdoc cref="FilmSection.UseCache"/>
    public bool UseCache { get; init; } = true;

    /// <summary>The user's own clip; null for one that is made.</summary>
    public GivenClip? Clip { get; init; }

    /// <summary>The picture that it ends with, because the part after it was made from that; null for none.</summary>
    public string? Pin { get; init; }

    /// <summary>Whether it begins with the last frame that the part before it shows.</summary>
    public required bool Continues { get; init; }

    /// <summary>Its first frames that are not shown, because the part before it shows them, or a picture that both have.</summary>
    public required int Skip { get; init; }

    /// <summary>How many of its frames are shown after these.</summary>
    public required int Show { get; init; }

    /// <summary>
    /// The place of a frame in the clip. A clip that leads to a picture ends with it, also where the model makes more frames than are
    /// shown: those that are left out lie between the others.
    /// </summary>
    /// <param name="number">The frame's number among those that are shown, from 0.</param>
    internal int PlaceOf(int number) =>
        Request is { Frames: { } frames } && Request.Images.ContainsKey(-1) && Show > 1
            ? Skip + (int)Math.Round((double)number * (frames - 1 - Skip) / (Show - 1))
            : Skip + number;
}

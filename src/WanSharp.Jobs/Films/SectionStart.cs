namespace WanSharp.Jobs.Films;

/// <summary>What a section of a film begins with.</summary>
public enum SectionStart
{
    /// <summary>A new shot: text alone, or the section's own image.</summary>
    Cut,

    /// <summary>The last frame of the section before it.</summary>
    Continue,
}

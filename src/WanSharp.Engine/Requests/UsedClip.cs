namespace WanSharp.Engine.Requests;

/// <summary>A clip or picture that a clip was made after, as far as it can be named later.</summary>
/// <param name="Name">The file's name without its folder; or a word, where no file was given.</param>
/// <param name="Sha256">SHA-256 of the file, hexadecimal: that decides, not the name. Empty for a word.</param>
/// <param name="From">Where the part that was taken begins, in seconds.</param>
/// <param name="To">Where it ends; null for the clip's end.</param>
public sealed record UsedClip(string Name, string Sha256, double From = 0, double? To = null)
{
    /// <summary>As it is asked for.</summary>
    internal string Requested => new ClipPart(Name, From, To).ToString();
}

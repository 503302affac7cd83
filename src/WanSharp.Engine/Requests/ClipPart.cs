using System.Globalization;
using System.Text.RegularExpressions;

namespace WanSharp.Engine.Requests;

/// <summary>
/// A file of a clip or a picture, and which part of the clip is meant: <c>depth.mp4</c>, or <c>depth.mp4@2-5</c> for its seconds 2 to 5,
/// or <c>depth.mp4@2-</c> for all from there. Immutable.
/// </summary>
/// <param name="File">The file, or the name of one.</param>
/// <param name="From">Where the part begins, in seconds.</param>
/// <param name="To">Where it ends; null for the clip's end.</param>
internal sealed partial record ClipPart(string File, double From = 0, double? To = null)
{
    private const double MostSeconds = 86_400;

    /// <summary>Reads one.</summary>
    public static ClipPart? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var match = Cut().Match(text);
        if (!match.Success)
        {
            return text.Length > 0 ? new ClipPart(text) : null;
        }

        var from = Number(match.Groups["from"].Value);
        var to = match.Groups["to"] is { Length: > 0 } end ? Number(end.Value) : (double?)null;
        return from <= MostSeconds && (to ?? MostSeconds) is var last && last > from && last <= MostSeconds
            ? new ClipPart(match.Groups["file"].Value, from, to)
            : null;

        static double Number(string digits) => double.Parse(digits, CultureInfo.InvariantCulture);
    }

    /// <summary>The text that <see cref="Parse"/> reads back.</summary>
    public override string ToString() =>
        this is { From: 0, To: null } ? File : string.Create(CultureInfo.InvariantCulture, $"{File}@{From}-{To}");

    /// <summary>The same with a full path, if the file is there as seen from a folder.</summary>
    internal ClipPart SeenFrom(string folder) =>
        Path.GetFullPath(File, folder) is var path && System.IO.File.Exists(path) ? this with { File = path } : this;

    [GeneratedRegex(@"^(?<file>.+)@(?<from>[0-9]{1,6}(\.[0-9]{1,6})?)-(?<to>[0-9]{1,6}(\.[0-9]{1,6})?)?$", RegexOptions.Singleline)]
    private static partial Regex Cut();
}

using System.Globalization;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Films;

/// <summary>How many frames each section of a film shows, so that the film is as long as was asked for, to the frame.</summary>
/// <param name="film">The film.</param>
/// <param name="model">The model.</param>
/// <param name="given">The frames of the user's own clips, by section from 0.</param>
internal sealed class ShownFrames(Film film, FilmModel model, IReadOnlyDictionary<int, int> given)
{
    /// <summary>The most frames of a film: an hour at 30 frames a second.</summary>
    public const int Most = 3600 * 30;

    /// <summary>Frames by section.</summary>
    /// <exception cref="InvalidRequestException">The lengths contradict each other.</exception>
    public IReadOnlyList<int> PerSection()
    {
        var own = film.Sections.Select((section, i) => given.TryGetValue(i, out var frames) ? frames : Own(section)).ToList();
        var open = own.Count(frames => frames is null);
        if (film.Seconds is not { } seconds)
        {
            return Checked([.. own.Select((frames, i) => frames ?? LengthOf(film.Sections[i], i))]);
        }

        var total = FramesIn(seconds, film.Sections.First(section => section.Clip is null));
        var rest = total - own.Sum(frames => frames ?? 0);
        if (open == 0 ? rest != 0 : rest < open)
        {
            throw new InvalidRequestException(
                "seconds",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The film is to have {total} frames ({seconds} s), and its sections have {total - rest} of their own"
                )
                    + (
                        open == 0
                            ? ": leave the film's seconds out, or a section's."
                            : $", which leaves {rest} for {open} more: ask for more."
                    )
            );
        }

        var shown = new int[own.Count];
        foreach (var (i, frames) in own.Index())
        {
            shown[i] = frames ?? (rest + open - 1) / open;
            (rest, open) = frames is null ? (rest - shown[i], open - 1) : (rest, open);
        }

        return Checked(shown);
    }

    /// <summary>A clip as long as the model's, without the frame that it begins with where the one before it shows that.</summary>
    private int LengthOf(FilmSection section, int index) => model.Frames - (model.StartOf(section, index) == SectionStart.Continue ? 1 : 0);

    private int? Own(FilmSection section) =>
        section.Request.Frames ?? (section.Request.Seconds is { } seconds ? FramesIn(seconds, section) : null);

    private int FramesIn(double seconds, FilmSection section)
    {
        var fps = section.Request.Fps ?? model.Fps;
        var frames = Math.Round(seconds * fps, MidpointRounding.AwayFromZero);
        return frames is >= 1 and <= Most
            ? (int)frames
            : throw new InvalidRequestException(
                "seconds",
                string.Create(CultureInfo.InvariantCulture, $"{seconds} seconds at {fps} frames a second are outside 1 to {Most} frames.")
            );
    }

    private static IReadOnlyList<int> Checked(IReadOnlyList<int> shown) =>
        shown.Sum(frames => (long)frames) <= Most
            ? shown
            : throw new InvalidRequestException("seconds", $"A film has at most {Most} frames: divide it into several.");
}

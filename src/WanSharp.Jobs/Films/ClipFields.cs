using System.Globalization;
using WanSharp.Jobs.Batches.Reading;

namespace WanSharp.Jobs.Films;

/// <summary>Reads the fields of a section that is a clip of the user's.</summary>
internal static class ClipFields
{
    /// <summary>A day: what begins later is a mistake.</summary>
    private const double MostSeconds = 24 * 3600;

    /// <summary>The user's own clip that a section is; null for a section that is made.</summary>
    /// <param name="record">The section.</param>
    /// <param name="folder">Where relative paths begin.</param>
    /// <param name="problems">Gets what is wrong.</param>
    public static GivenClip? Read(BatchRecord record, string folder, List<BatchProblem> problems)
    {
        var (path, from, to) = (ValueOf(FilmFile.Clip), ValueOf(FilmFile.From), ValueOf(FilmFile.To));
        if (path is null)
        {
            foreach (var stray in new[] { from, to }.OfType<BatchField>())
            {
                problems.Add(
                    new BatchProblem(stray.Line, $"There is a {stray.Name} and no clip: name the clip, or leave it out.", stray.Column)
                );
            }

            return null;
        }

        if (path.Value.Value.Length == 0)
        {
            problems.Add(new BatchProblem(path.Value.Line, "The clip is empty: name a file, or leave it out.", path.Value.Column));
        }

        var (begins, ends) = (SecondsOf(from, problems) ?? 0, SecondsOf(to, problems));
        if (ends <= begins)
        {
            problems.Add(
                new BatchProblem(
                    to!.Value.Line,
                    $"The clip ends before it begins: let {FilmFile.To} be after {FilmFile.From}.",
                    to.Value.Column
                )
            );
        }

        return new GivenClip(Path.GetFullPath(path.Value.Value.Length > 0 ? path.Value.Value : ".", folder), begins, ends);

        BatchField? ValueOf(string name) =>
            record.Fields.Where(field => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Cast<BatchField?>().FirstOrDefault();
    }

    private static double? SecondsOf(BatchField? field, List<BatchProblem> problems)
    {
        if (field is not { } given)
        {
            return null;
        }

        if (
            double.TryParse(given.Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
            && seconds is >= 0 and <= MostSeconds
        )
        {
            return seconds;
        }

        problems.Add(
            new BatchProblem(given.Line, $"The {given.Name} is a number of seconds of the clip, not '{given.Value}'.", given.Column)
        );
        return null;
    }
}

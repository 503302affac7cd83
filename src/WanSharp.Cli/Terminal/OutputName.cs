using System.Text;
using WanSharp.Engine.Requests;
using WanSharp.Jobs.Films;
using WanSharp.Tensors;

namespace WanSharp.Cli.Terminal;

/// <summary>
/// The name of a clip that was not given one: its prompt and seed, and a number where clips of that name are there already. The file is
/// made at once and held open, so that nobody else takes the name; what stays empty is removed again, or is free when its owner is dead.
/// </summary>
internal sealed class OutputName : IDisposable
{
    private const int MaximumLength = 48;
    private const int MostOfOneName = 100_000;
    private const string Extension = ".mp4";

    private readonly Reservation _reservation;

    private OutputName(string path, Reservation reservation) => (Path, _reservation) = (path, reservation);

    /// <summary>The path.</summary>
    public string Path { get; }

    /// <summary>The name, whether there is such a file or not: for work that goes on where it stopped when it is asked for again.</summary>
    public static string For(GenerationRequest request) => StemOf(request) + Extension;

    /// <summary>Takes a name that neither a file has, in any of the formats that such a clip is written as, nor a film.</summary>
    /// <param name="request">The clip.</param>
    /// <param name="folder">Where; empty for the current folder.</param>
    public static OutputName Take(GenerationRequest request, string folder) =>
        Numbered(System.IO.Path.Combine(folder, StemOf(request)))
            .Select(stem => FilmFolder.Exists(stem) ? null : TryTake(stem))
            .First(name => name is not null)!;

    /// <summary>Takes a name, unless a file has it, in any of the formats that such a clip is written as.</summary>
    /// <param name="stem">The name without its ending.</param>
    /// <returns>The name; null where it is another's.</returns>
    public static OutputName? TryTake(string stem) =>
        !File.Exists($"{stem}.webp") && TryReserve(stem + Extension) is { } reservation
            ? new OutputName(stem + Extension, reservation)
            : null;

    /// <summary>A name, and the same with numbers.</summary>
    /// <exception cref="IOException">All were looked at.</exception>
    public static IEnumerable<string> Numbered(string name)
    {
        for (var number = 1; number < MostOfOneName; number++)
        {
            yield return number == 1 ? name : $"{name}-{number}";
        }

        throw new IOException($"{MostOfOneName} clips named {name} already exist: name this one with --output.");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_reservation.IsMade && FileFacts.Of(Path) is { Exists: true, Length: 0 } empty)
        {
            empty.Delete();
        }

        _reservation.Held?.Dispose();
    }

    /// <summary>
    /// Makes the file; null if there is one, and nothing made in a folder where none can be, which is reported where it is written.
    /// </summary>
    private static Reservation? TryReserve(string path)
    {
        try
        {
            var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
            if (!OperatingSystem.IsWindows()) // where the clip could not take the place of an open file
            {
                return new Reservation(IsMade: true, file);
            }

            file.Dispose();
            return new Reservation(IsMade: true, Held: null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return !System.IO.Path.Exists(path) ? new Reservation(IsMade: false, Held: null)
                : Leftovers.TakeEmpty(path) is { } left ? new Reservation(IsMade: true, left)
                : null;
        }
    }

    private static string StemOf(GenerationRequest request) => $"{Words(request.Prompt)}-{request.Seed ?? 0}";

    private static string Words(string prompt)
    {
        var name = new StringBuilder();
        foreach (var rune in prompt.EnumerateRunes())
        {
            if (name.Length >= MaximumLength)
            {
                break;
            }

            if (Rune.IsLetterOrDigit(rune))
            {
                name.Append(Rune.ToLowerInvariant(rune));
            }
            else if (name.Length > 0 && name[^1] != '-')
            {
                name.Append('-');
            }
        }

        return name.Length > 0 ? name.ToString().TrimEnd('-') : "clip";
    }

    private sealed record Reservation(bool IsMade, FileStream? Held);
}

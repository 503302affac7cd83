using System.Text.Json;
using System.Text.Json.Serialization;
using WanSharp.Jobs.Batches;
using WanSharp.Jobs.Storage;
using WanSharp.Media.Clips;
using WanSharp.Media.Ffmpeg;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Films;

/// <summary>What a film's folder holds in addition to its jobs: the film, which may be edited, and where it is written.</summary>
public static class FilmFolder
{
    /// <summary>The name of the film's file in its folder.</summary>
    public const string FileName = "film.json";

    private const string OutputName = "film.output.json";
    private const string WriterName = "film.writer";

    /// <summary>Whether a folder is that of a film.</summary>
    /// <param name="path">The folder.</param>
    public static bool Exists(string path) => JobFolder.Exists(path) && File.Exists(Path.Combine(path, FileName));

    /// <summary>Whether a folder is that of a certain film, as it was asked for.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="film">The film.</param>
    public static bool IsOf(string path, Film film)
    {
        try
        {
            return Exists(path)
                && PlainFile.ReadAllText(Path.Combine(path, FileName)) == FilmText.Write(film, made: null, indented: true, path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Finds out whether a folder may become that of a film.</summary>
    /// <param name="path">The folder, which need not be there.</param>
    /// <exception cref="JobStoreException">It holds something else.</exception>
    public static void RequireOwn(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (!Exists(path) && Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any(entry => !IsOurs(entry)))
        {
            throw new JobStoreException(
                $"{path} holds other files, and a film keeps its sections in a folder of its own: name one with --folder."
            );
        }
    }

    /// <summary>Keeps a film and where it is written.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="film">The film.</param>
    /// <param name="output">The full path of the file that it is written to.</param>
    public static void Save(JobFolder folder, Film film, string output)
    {
        ArgumentNullException.ThrowIfNull(folder);
        AtomicFile.Write(folder.Settings(OutputName), JsonSerializer.Serialize(new Place(output), FilmJson.Default.Place));
        AtomicFile.Write(
            folder.Artifact(FileName),
            FilmText.Write(film, made: null, indented: true, Path.GetDirectoryName(Path.GetFullPath(folder.Artifact(FileName))))
        );
    }

    /// <summary>Notes what wrote the sections and the film, so that it need not be tried again.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="ffmpeg">The program that did; null for none.</param>
    /// <param name="kind">The film's format.</param>
    public static void NoteWriter(JobFolder folder, string? ffmpeg, OutputKind kind)
    {
        ArgumentNullException.ThrowIfNull(folder);
        AtomicFile.Write(folder.Settings(WriterName), WriterOf(ffmpeg, kind));
    }

    /// <summary>Whether a program wrote a film of a format, and its sections, in a folder.</summary>
    /// <param name="path">The folder, which need not be there.</param>
    /// <param name="ffmpeg">The program; null for none.</param>
    /// <param name="kind">The format.</param>
    public static bool IsWriter(string path, string? ffmpeg, OutputKind kind)
    {
        try
        {
            return Exists(path) && PlainFile.ReadAllText(JobFolder.Open(path).Settings(WriterName)) == WriterOf(ffmpeg, kind);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JobStoreException)
        {
            return false;
        }
    }

    private static string WriterOf(string? ffmpeg, OutputKind kind) => $"{FfmpegLocator.IdentityOf(ffmpeg)}, {kind}";

    /// <summary>Reads a film back.</summary>
    /// <param name="path">The folder.</param>
    /// <returns>The film, and where it is written; null where that is not known.</returns>
    /// <exception cref="JobStoreException">It is not a film's folder.</exception>
    /// <exception cref="BatchFileException">The film was edited, and cannot be made.</exception>
    public static (Film Film, string? Output) Load(string path)
    {
        if (!Exists(path))
        {
            throw new JobStoreException($"{path} is not the folder of a film: name the one that `wan film` wrote to.");
        }

        var film = FilmFile.Read(Path.Combine(path, FileName), new JobRequest { Prompt = "" });
        try
        {
            return (
                film,
                JsonSerializer
                    .Deserialize(PlainFile.ReadAllBytes(JobFolder.Open(path).Settings(OutputName)), FilmJson.Default.Place)
                    ?.Output
            );
        }
        catch (Exception exception) when (exception is IOException or JsonException)
        {
            return (film, null);
        }
    }

    /// <summary>
    /// A film with the seeds that were drawn for it before: sections that take any seed, and are what they were, have clips already.
    /// </summary>
    /// <param name="path">Its folder, which need not be there.</param>
    /// <param name="film">The film, as its file says it.</param>
    public static Film WithKeptSeeds(string path, Film film)
    {
        ArgumentNullException.ThrowIfNull(film);
        if (!film.Sections.Any(section => section.DrawsSeed) || !Exists(path))
        {
            return film;
        }

        IReadOnlyList<FilmSection> kept;
        try
        {
            kept = Load(path).Film.Sections;
        }
        catch (Exception exception) when (exception is JobStoreException or BatchFileException or IOException)
        {
            return film; // it cannot be gone on with, and is begun anew
        }

        return film with
        {
            Sections = [.. film.Sections.Select((section, i) => i < kept.Count ? Kept(section, kept[i]) : section)],
        };

        FilmSection Kept(FilmSection section, FilmSection before)
        {
            var same = section with { Request = section.Request with { Seed = before.Request.Seed } };
            return section.DrawsSeed && Text(same) == Text(before) ? same : section;
        }

        string Text(FilmSection section) => FilmText.Write(film with { Sections = [section] }, made: null, indented: false);
    }

    /// <summary>What is left of a film that was stopped before it kept anything.</summary>
    private static bool IsOurs(string entry) => Path.GetFileName(entry) is ".wan" or FileName or "film.html";

    internal sealed record Place(string Output);
}

/// <summary>Where a film is written, as JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(FilmFolder.Place))]
[JsonSerializable(typeof(FilmPieces.Kept))]
internal sealed partial class FilmJson : JsonSerializerContext;

using System.Globalization;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Storage;

/// <summary>
/// How many jobs a folder was given, in a file of its own: a journal that was cut between two lines cannot tell by itself that some are
/// missing.
/// </summary>
internal static class JobTally
{
    private const string Name = "jobs.count";

    /// <summary>Keeps the number. Best effort: with an older one less is noticed, and nothing is wrong.</summary>
    public static void Keep(JobFolder folder, int jobs)
    {
        try
        {
            if (jobs > Read(folder))
            {
                AtomicFile.Write(folder.Settings(Name), jobs.ToString(CultureInfo.InvariantCulture));
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // a full disk, say: the jobs are kept
        }
    }

    /// <summary>The number; 0 where it is not known.</summary>
    public static int Read(JobFolder folder)
    {
        try
        {
            var path = folder.Settings(Name);
            return
                File.Exists(path)
                && int.TryParse(PlainFile.ReadAllText(path), NumberStyles.None, CultureInfo.InvariantCulture, out var jobs)
                ? jobs
                : 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}

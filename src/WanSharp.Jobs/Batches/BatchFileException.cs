using WanSharp.Jobs.Batches.Reading;

namespace WanSharp.Jobs.Batches;

/// <summary>Lines of a batch file cannot be made into jobs; none was.</summary>
public sealed class BatchFileException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="file">The file as the user wrote it.</param>
    /// <param name="problems">Each bad line; at least one.</param>
    public BatchFileException(string file, IReadOnlyList<BatchProblem> problems)
        : base($"{file}: {problems.Count} of its lines cannot be made into jobs.")
    {
        (File, Problems) = (file, problems);
    }

    /// <summary>The file.</summary>
    public string File { get; }

    /// <summary>Each bad line, in order.</summary>
    public IReadOnlyList<BatchProblem> Problems { get; }

    /// <summary>Whether the file itself is right, and others that it names are missing or cannot be used.</summary>
    public bool IsOfFiles => Problems.All(problem => problem.IsOfFile);
}

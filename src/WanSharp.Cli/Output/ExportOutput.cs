namespace WanSharp.Cli.Output;

/// <summary><c>wan export</c>.</summary>
/// <param name="Folder">Where the files are.</param>
/// <param name="Result"><c>pass</c> or <c>fail</c>.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Files">The files.</param>
/// <param name="Comparisons">How they compare with our own run.</param>
internal sealed record ExportOutput(
    string Folder,
    string Result,
    double Seconds,
    IReadOnlyList<ExportFileOutput> Files,
    IReadOnlyList<ComparisonOutput> Comparisons
);

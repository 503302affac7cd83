namespace WanSharp.Cli.Output;

/// <summary>A file of an export.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Bytes">Its size.</param>
internal sealed record ExportFileOutput(string Name, long Bytes);

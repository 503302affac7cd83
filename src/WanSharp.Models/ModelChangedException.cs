namespace WanSharp.Models;

/// <summary>
/// A file of a model has changed since the model was opened. The mapped weights may be a mixture of old and new, so no clip is made
/// of them.
/// </summary>
/// <param name="path">The file.</param>
public sealed class ModelChangedException(string path)
    : IOException($"{path} was changed or replaced since this process opened it: run the command again, with the file that is there now.");

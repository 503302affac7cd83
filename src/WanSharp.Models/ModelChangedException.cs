namespace WanSharp.Models;

/// <summary>
/// A file of a model is not what it was when the model was opened. What is mapped may be a mixture of both, so no clip is made of it.
/// </summary>
/// <param name="path">The file.</param>
public sealed class ModelChangedException(string path)
    : IOException($"{path} was changed or replaced since this process opened it: run the command again, with the file that is there now.");

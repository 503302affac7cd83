namespace WanSharp.Jobs.Tests;

/// <summary>Tests that hold native objects, one after another and after all others, so that they can be counted.</summary>
[CollectionDefinition("native objects", DisableParallelization = true)]
public sealed class NativeObjects;

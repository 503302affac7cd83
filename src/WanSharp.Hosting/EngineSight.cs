using WanSharp.Models;
using WanSharp.Runtime;

namespace WanSharp.Hosting;

/// <summary>What is open of an engine when its precision is chosen.</summary>
/// <param name="Model">The model.</param>
/// <param name="Runtime">What executes its networks.</param>
/// <param name="Session">How its graphs are compiled, and for which provider.</param>
public sealed record EngineSight(WanModel Model, OrtRuntime Runtime, SessionSettings Session);

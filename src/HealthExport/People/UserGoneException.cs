namespace HealthExport.People;

/// <summary>Something was to be taken for a person who is not there, or who is being erased; nothing was.</summary>
public sealed class UserGoneException() : Exception("The person is not there, or is being erased.");

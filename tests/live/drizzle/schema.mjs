// aves' tables, as its ORM has them; drizzle-kit makes the migration of this.
import { sql } from "drizzle-orm";
import {
  check, customType, index, integer, jsonb, pgSchema, primaryKey, serial, text, timestamp, unique, uniqueIndex, uuid,
  varchar,
} from "drizzle-orm/pg-core";

const app = pgSchema("app");
const tsvector = customType({ dataType: () => "tsvector" });

export const species = app.table("species", {
  id: uuid("id").primaryKey().defaultRandom(),
  scientificName: varchar("scientific_name", { length: 200 }).notNull().unique(),
  commonName: varchar("common_name", { length: 200 }).notNull(),
  createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
});

export const vocabulary = app.table("vocabulary", {
  id: serial("id").primaryKey(),
  speciesId: uuid("species_id").notNull().references(() => species.id, { onDelete: "cascade" }),
  term: varchar("term", { length: 100 }).notNull(),
  definition: text("definition").notNull(),
  search: tsvector("search").generatedAlwaysAs(sql`to_tsvector('english', term || ' ' || definition)`),
}, (table) => [
  unique().on(table.speciesId, table.term),
  index("vocabulary_search_idx").using("gin", table.search),
]);

export const annotations = app.table("annotations", {
  id: uuid("id").primaryKey().defaultRandom(),
  speciesId: uuid("species_id").notNull().references(() => species.id, { onDelete: "cascade" }),
  body: jsonb("body").notNull(),
}, (table) => [
  index("annotations_species_id_idx").on(table.speciesId),
  index("annotations_body_idx").using("gin", table.body.op("jsonb_path_ops")),
]);

export const userProgress = app.table("user_progress", {
  userId: varchar("user_id", { length: 64 }).notNull(),
  vocabularyId: integer("vocabulary_id").notNull().references(() => vocabulary.id, { onDelete: "cascade" }),
  masteryLevel: integer("mastery_level").notNull().default(0),
  lastReviewedAt: timestamp("last_reviewed_at", { withTimezone: true }),
}, (table) => [
  primaryKey({ columns: [table.userId, table.vocabularyId] }),
  index("user_progress_vocabulary_id_idx").on(table.vocabularyId),
  check("mastery_level_in_bounds", sql`${table.masteryLevel} BETWEEN 0 AND 5`),
]);

export const speciesStatistics = app.materializedView("species_statistics", {
  speciesId: uuid("species_id"),
  commonName: varchar("common_name", { length: 200 }),
  words: integer("words"),
  mastery: integer("mastery"),
}).as(sql`SELECT s.id AS species_id, s.common_name, count(DISTINCT v.id) AS words,
  avg(p.mastery_level)::numeric(4, 2) AS mastery FROM app.species AS s
  LEFT JOIN app.vocabulary AS v ON v.species_id = s.id LEFT JOIN app.user_progress AS p ON p.vocabulary_id = v.id
  GROUP BY s.id`);
